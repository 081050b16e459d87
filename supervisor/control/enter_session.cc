// SPDX-License-Identifier: Apache-2.0
// EnterSessions: the commands that `svctl enter` runs inside of running services.
#include "supervisor/control/enter_session.h"

#include "base/fd.h"
#include "kernel/descriptor_limit.h"
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
std::string failure_text(Error failure) {
    if (failure.key.starts_with("service.command")) failure.key = "the command given to enter";
    return failure.text();
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

void EnterSessions::make_launch(Session& session) {
    session.launch.emplace(machinery_, Hands::operators(),
                           Launch::Listener{.executing =
                                                [this, &session] {
                                                    if (session.is_abandoned) hang_up(session);
                                                },
                                            .running = [this, &session] { tell_of_start(session); },
                                            .ended =
                                                [this, &session](ExitStatus status) {
                                                    on_ended(session, status);
                                                }});
}

// A service that makes groups of its own may have left the node meanwhile and divided it: it is
// looked for again then, at once.
Status EnterSessions::launch_into(Session& session, const Run& run,
                                  const std::optional<TerminalSize>& terminal) {
    constexpr int most_tries = 5;
    for (int tries = 1;; ++tries) {
        auto streams = terminal ? make_terminal(*terminal) : make_pipes();
        if (!streams) return std::unexpected(Error{.hint = streams.error().text()});
        const auto node = TRY(run.node_of_main());
        const int directory = node ? node->directory().get() : -1;
        streams->inside.input_is_tty = terminal.has_value();
        make_launch(session);
        auto begun = session.launch->begin(session.plan, directory, std::move(streams->inside),
                                           Launch::Maker::copy);
        const bool is_busy = !begun && begun.error().error == EBUSY && tries < most_tries;
        if (is_busy) continue;
        session.callers_ends = std::move(streams->callers_ends);
        return begun;
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
            return responder.error(ControlError::operation_failed, duplicate.error().text());
        }
        node = std::move(*duplicate);
    }
    std::unique_ptr<Session> made{new Session{
        .plan = std::move(plan), .way = way, .responder = responder, .node = std::move(node)}};
    Session& session = *made;
    if (auto begun = launch_into(session, run, terminal); !begun) {
        return responder.error(ControlError::operation_failed, begun.error().text());
    }
    sessions_.push_back(std::move(made));
    responder.on_hang_up([this, &session] { abandon(session); });
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

void EnterSessions::tell_of_start(Session& session) {
    const Json reply{{"pid", session.pid()}};
    if (session.way == EnterWay::frames) return give_to_carrier(session, reply);
    session.responder.reply_more(reply, std::move(session.callers_ends));
}

void EnterSessions::give_to_carrier(Session& session, const Json& reply) {
    const ControlConnection* caller = session.responder.peer();
    if (caller == nullptr) return;
    const auto carrier = carriers_.start(*caller, reply, session.callers_ends,
                                         [this, &session] { abandon(session); });
    if (!carrier) {
        session.responder.error(ControlError::operation_failed, carrier.error().text());
        return abandon(session);
    }
    session.carrier = *carrier;
    session.responder.give_up_peer();
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
}

void EnterSessions::on_ended(Session& session, ExitStatus status) {
    if (session.pid() != 0) return on_exit(session, status);
    const auto& failure = session.launch->failure();
    session.responder.error(
        ControlError::operation_failed,
        failure ? failure_text(*failure) : "it was killed while it was being set up");
    erase(session);
}

void EnterSessions::on_exit(Session& session, ExitStatus status) {
    const auto& failure = session.launch->failure();
    // Where no carrier could be started the call has ended with an error, and its caller may have
    // made another one since.
    if (session.is_abandoned) {
        carriers_.forget(std::exchange(session.carrier, 0));
    } else if (failure) {
        session.responder.error(ControlError::operation_failed, failure_text(*failure));
    } else {
        carriers_.end(session.carrier, exit_facts(status));
        session.responder.reply(exit_facts(status));
    }
    if (!session.is_abandoned) return erase(session);
    leave_behind(session);
    if (!session.kill_at) end_at_once(session);
}

// The number is the session's own for certain as long as the command has not been reaped, and from
// then on while one of these is in it.
void EnterSessions::leave_behind(Session& session) {
    session.left = members_of_session(session.pid(), session.place());
    std::erase_if(session.left,
                  [&](const Process& member) { return member.pid() == session.pid(); });
}

void EnterSessions::abandon(Session& session) {
    session.is_abandoned = true;
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
    hang_up(session);
}

// A command that is still being set up hears of it when it executes.
void EnterSessions::hang_up(Session& session) {
    session.kill_at = Clock::now() + patience_after_hang_up;
    if (session.pid() == 0) return;
    const auto members = members_of_session(session.pid(), session.place());
    signal_members(members, SIGHUP);
    signal_members(members, SIGCONT);
}

void EnterSessions::end_at_once(Session& session) {
    session.kill_at.reset();
    const bool has_ended = session.launch->has_ended();
    if (!has_ended) session.launch->kill_processes();
    const bool is_own_number =
        session.pid() != 0 &&
        (!has_ended || std::ranges::any_of(session.left, [&](const auto& left) {
            return is_in_session(left, session.pid());
        }));
    if (is_own_number) {
        signal_members(members_of_session(session.pid(), session.place()), SIGKILL);
    }
    if (has_ended) erase(session);
}

void EnterSessions::erase(Session& session) {
    carriers_.forget(std::exchange(session.carrier, 0));
    session.kill_at.reset();
    let_go(machinery_.loop, std::move(session.callers_ends), Hands::operators());
    // Its callbacks may be on the stack: it goes when they are done.
    machinery_.loop.defer([this, &session] {
        std::erase_if(sessions_, [&](const auto& entry) { return entry.get() == &session; });
    });
}

}  // namespace confinit
