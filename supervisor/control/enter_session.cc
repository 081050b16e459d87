// SPDX-License-Identifier: Apache-2.0
// EnterSessions: the commands that `svctl enter` runs inside of running services.
#include "supervisor/control/enter_session.h"

#include "base/fd.h"
#include "kernel/descriptor_limit.h"
#include "kernel/pidfd.h"
#include "supervisor/helpers/hands.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

// The time that a command has to end by itself when its caller has hung up.
constexpr std::chrono::seconds patience_after_hang_up{5};

// The command is the caller's, whatever the service's own is.
LaunchFailure failure_of(const LaunchPlan& plan, const LaunchReport& report) {
    LaunchFailure failure = explain(plan, report);
    if (failure.key.starts_with("service.command")) failure.key = "the command given to enter";
    return failure;
}

// The two sides of the standard streams: what the command gets, and what the caller gets.
struct SessionStreams {
    Streams inside;
    std::vector<Fd> callers_ends;
};

Result<SessionStreams> make_pipes() {
    Pipe input = TRY(make_pipe());
    Pipe output = TRY(make_pipe());
    Pipe error = TRY(make_pipe());
    SessionStreams streams;
    streams.inside = {std::move(input.read_end), std::move(output.write_end),
                      std::move(error.write_end)};
    streams.callers_ends.push_back(std::move(input.write_end));
    streams.callers_ends.push_back(std::move(output.read_end));
    streams.callers_ends.push_back(std::move(error.read_end));
    return streams;
}

// pty(7). The slave comes by ioctl_tty(2) TIOCGPTPEER, so that no path is looked up.
Result<SessionStreams> make_terminal(const TerminalSize& size) {
    Fd master{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!master) return errno_failure("posix_openpt");
    int unlocked = 0;
    if (ioctl(master.get(), TIOCSPTLCK, &unlocked) < 0) return errno_failure("ioctl TIOCSPTLCK");
    Fd slave{ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!slave) return errno_failure("ioctl TIOCGPTPEER");
    winsize window{};
    window.ws_row = size.rows;
    window.ws_col = size.columns;
    if (ioctl(slave.get(), TIOCSWINSZ, &window) < 0) return errno_failure("ioctl TIOCSWINSZ");

    SessionStreams streams;
    Fd output = TRY(duplicate(slave));
    Fd error = TRY(duplicate(slave));
    streams.inside = {std::move(slave), std::move(output), std::move(error)};
    streams.callers_ends.push_back(std::move(master));
    return streams;
}

Json exit_facts(ExitStatus status) {
    if (status.code == CLD_EXITED) return {{"code", status.status}};
    return {{"signal", status.status}};
}

}  // namespace

// A service that makes groups of its own may have left the node meanwhile and divided it.
LaunchResult<Spawned> EnterSessions::spawn_into(const Run& run, const LaunchPlan& plan,
                                                const std::optional<TerminalSize>& terminal,
                                                std::vector<Fd>& callers_ends) const {
    constexpr int most_tries = 5;
    for (int tries = 1;; ++tries) {
        auto streams = terminal ? make_terminal(*terminal) : make_pipes();
        if (!streams) return std::unexpected(LaunchFailure{.hint = streams.error().what});
        const auto node = TRY(run.node_of_main());
        const int directory = node ? node->directory().get() : -1;
        streams->inside.input_is_tty = terminal.has_value();
        auto spawned = spawn(plan, directory, std::move(streams->inside), machinery_.clone_method);
        const bool is_busy = !spawned && spawned.error().error == EBUSY && tries < most_tries;
        if (is_busy) continue;
        callers_ends = std::move(streams->callers_ends);
        return spawned;
    }
}

std::string EnterSessions::refusal(EnterWay way) const {
    if (way != EnterWay::frames || carriers_.has_room()) return {};
    return "too many entered commands send their streams as frames already";
}

void EnterSessions::start(const Run& run, LaunchPlan plan,
                          const std::optional<TerminalSize>& terminal, EnterWay way,
                          const Responder& responder) {
    const SparedDescriptors spared;
    std::optional<Cgroup> node;
    if (run.node() != nullptr) {
        auto duplicate = run.node()->duplicate();
        if (!duplicate) {
            return responder.error(ControlError::operation_failed, duplicate.error().what);
        }
        node = std::move(*duplicate);
    }
    std::vector<Fd> callers_ends;
    auto spawned = spawn_into(run, plan, terminal, callers_ends);
    if (!spawned) return responder.error(ControlError::operation_failed, spawned.error().text());

    sessions_.emplace_back(new Session{.plan = std::move(plan),
                                       .spawned = std::move(*spawned),
                                       .callers_ends = std::move(callers_ends),
                                       .way = way,
                                       .responder = responder,
                                       .node = std::move(node)});
    Session& session = *sessions_.back();
    machinery_.reaper.adopt(session.spawned.pid, [this, &session](ExitStatus status) {
        drain(session);
        // With a pid namespace to enter, the first process only makes the second one.
        if (session.pid == session.spawned.pid) on_exit(session, status);
    });
    responder.on_hang_up([this, &session] { abandon(session); });
    auto watch = machinery_.loop.on_fd(session.spawned.report_socket, EPOLLIN,
                                       [this, &session](std::uint32_t) { drain(session); });
    if (watch) session.watch = std::move(*watch);
}

std::optional<Clock::time_point> EnterSessions::next_deadline() const {
    std::optional<Clock::time_point> next;
    for (const auto& session : sessions_) {
        if (session->kill_at) next = std::min(next.value_or(*session->kill_at), *session->kill_at);
    }
    return next;
}

void EnterSessions::expire() {
    const auto now = Clock::now();
    for (const auto& session : sessions_) {
        if (session->kill_at && *session->kill_at <= now) end_at_once(*session);
    }
}

void EnterSessions::drain_reports() {
    for (const auto& session : sessions_)
        drain(*session);
}

void EnterSessions::drain(Session& session) {
    while (session.spawned.report_socket) {
        auto received = receive_report(session.spawned.report_socket, &session.spawned.last_words);
        if (!received || std::holds_alternative<HungUp>(*received)) return on_hang_up(session);
        auto* news = std::get_if<ReceivedReport>(&*received);
        if (news == nullptr) return;
        if (news->report.kind == LaunchReport::Kind::failed) {
            session.failure = failure_of(session.plan, news->report);
        } else if (news->report.kind == LaunchReport::Kind::executing) {
            session.pid = news->sender;
            session.process = std::move(news->process);
            if (session.is_abandoned) hang_up(session);
            if (session.pid == session.spawned.pid) continue;
            machinery_.reaper.adopt(session.pid, [this, &session](ExitStatus status) {
                drain(session);
                on_exit(session, status);
            });
        }
    }
}

void EnterSessions::on_hang_up(Session& session) {
    session.watch.reset();
    let_go(machinery_.loop, std::move(session.spawned.report_socket), Hands::operators());
    if (session.pid == 0) {
        const std::string why =
            session.failure ? session.failure->text() : "it was killed while it was being set up";
        session.responder.error(ControlError::operation_failed, why);
        finish(session);
    } else if (!session.failure) {
        tell_of_start(session);
    }
}

void EnterSessions::tell_of_start(Session& session) {
    const Json reply{{"pid", session.pid}};
    if (session.way == EnterWay::frames) return give_to_carrier(session, reply);
    session.responder.reply_more(reply, std::move(session.callers_ends));
}

void EnterSessions::give_to_carrier(Session& session, const Json& reply) {
    const ControlConnection* caller = session.responder.peer();
    if (caller == nullptr) return;
    const auto carrier = carriers_.start(*caller, reply, session.callers_ends,
                                         [this, &session] { abandon(session); });
    if (!carrier) {
        session.responder.error(ControlError::operation_failed, carrier.error().what);
        return abandon(session);
    }
    session.carrier = *carrier;
    session.responder.give_up_peer();
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
}

void EnterSessions::on_exit(Session& session, ExitStatus status) {
    // The first process, which only made the second one, may hold the socket for a moment longer
    // than a short command lives. All that the command had to say is here, and it gets no hang-up
    // after it.
    if (session.spawned.report_socket) {
        if (const auto words = session.spawned.last_words.take()) {
            session.failure = failure_of(session.plan, *words);
        }
        on_hang_up(session);
    }
    // Where no carrier could be started the call has ended with an error, and its caller may have
    // made another one since.
    if (session.is_abandoned) {
        carriers_.forget(session.carrier);
    } else if (session.failure) {
        session.responder.error(ControlError::operation_failed, session.failure->text());
    } else {
        carriers_.end(session.carrier, exit_facts(status));
        session.responder.reply(exit_facts(status));
    }
    if (!session.is_abandoned) return finish(session);
    disown(session);
    session.has_ended = true;
    // The number is the session's own for certain as long as the command has not been reaped, and
    // from then on while one of these is in it.
    session.left = members_of_session(session.pid, session.place());
    std::erase_if(session.left,
                  [&](const SessionMember& member) { return member.pid == session.pid; });
    if (!session.kill_at) end_at_once(session);
}

void EnterSessions::abandon(Session& session) {
    session.is_abandoned = true;
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
    hang_up(session);
}

// A command that is still being set up hears of it when it executes.
void EnterSessions::hang_up(Session& session) {
    session.kill_at = Clock::now() + patience_after_hang_up;
    if (session.pid == 0) return;
    const auto members = members_of_session(session.pid, session.place());
    signal_members(members, SIGHUP);
    signal_members(members, SIGCONT);
}

void EnterSessions::end_at_once(Session& session) {
    session.kill_at.reset();
    if (!session.has_ended) {
        const Fd& process = session.pid == 0 ? session.spawned.pidfd : session.process;
        signal_process(process, SIGKILL);
    }
    const bool is_own_number =
        session.pid != 0 &&
        (!session.has_ended || std::ranges::any_of(session.left, [&](const auto& left) {
            return is_in_session(left, session.pid);
        }));
    if (is_own_number) {
        signal_members(members_of_session(session.pid, session.place()), SIGKILL);
    }
    if (session.has_ended) erase(session);
}

// Its processes have ended: their pids may be another's from here on.
void EnterSessions::disown(Session& session) {
    carriers_.forget(session.carrier);
    machinery_.reaper.forget(session.spawned.pid);
    if (session.pid != 0) machinery_.reaper.forget(session.pid);
    session.process.reset();
}

void EnterSessions::finish(Session& session) {
    disown(session);
    erase(session);
}

void EnterSessions::erase(Session& session) {
    session.kill_at.reset();
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
    // Its callbacks may be on the stack: it goes when they are done.
    machinery_.loop.defer([this, &session] {
        std::erase_if(sessions_, [&](const auto& entry) { return entry.get() == &session; });
    });
}

}  // namespace confinit
