// SPDX-License-Identifier: Apache-2.0
// EnterSessions: the commands that `svctl enter` runs inside of running services.
#include "enter_session.h"

#include "base/fd.h"
#include "kernel/descriptor_limit.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

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

void EnterSessions::start(const Run& run, const EnterRequest& request,
                          const std::optional<TerminalSize>& terminal, const Responder& responder) {
    const SparedDescriptors spared;
    auto plan =
        make_enter_plan(run.unit(), services_.launch_context, run.main_pidfd().get(), request);
    if (!plan) return responder.error(ControlError::operation_failed, plan.error().text());
    auto streams = terminal ? make_terminal(*terminal) : make_pipes();
    if (!streams) return responder.error(ControlError::operation_failed, streams.error().what);
    (*plan)->child.tty_is_stream = terminal.has_value();

    const auto node = run.node_of_main();
    if (!node) return responder.error(ControlError::operation_failed, node.error().text());
    const int directory = *node ? (*node)->directory().get() : -1;
    auto spawned = spawn(**plan, directory, std::move(streams->inside), services_.clone_method);
    if (!spawned) return responder.error(ControlError::operation_failed, spawned.error().text());

    auto& session = *sessions_.emplace_back(std::make_unique<Session>(
        std::move(*plan), std::move(*spawned), std::move(streams->callers_ends), responder, 0,
        std::nullopt, Watch{}));
    services_.reaper.adopt(session.spawned.pid, [this, &session](ExitStatus status) {
        drain(session);
        // With a pid namespace to enter, the first process only makes the second one.
        if (session.pid == session.spawned.pid) on_exit(session, status);
    });
    auto watch = services_.loop.on_fd(session.spawned.report_socket, EPOLLIN,
                                      [this, &session](std::uint32_t) { drain(session); });
    if (watch) session.watch = std::move(*watch);
}

void EnterSessions::drain_reports() {
    for (const auto& session : sessions_)
        drain(*session);
}

void EnterSessions::drain(Session& session) {
    while (session.spawned.report_socket) {
        const auto received =
            receive_report(session.spawned.report_socket, &session.spawned.last_words);
        if (!received || std::holds_alternative<HungUp>(*received)) return on_hang_up(session);
        const auto* news = std::get_if<ReceivedReport>(&*received);
        if (news == nullptr) return;
        if (news->report.kind == LaunchReport::Kind::failed) {
            session.failure = explain(*session.plan, news->report);
        } else if (news->report.kind == LaunchReport::Kind::executing) {
            session.pid = news->sender;
            if (session.pid == session.spawned.pid) continue;
            services_.reaper.adopt(session.pid, [this, &session](ExitStatus status) {
                drain(session);
                on_exit(session, status);
            });
        }
    }
}

void EnterSessions::on_hang_up(Session& session) {
    session.watch.reset();
    session.spawned.report_socket.reset();
    if (session.pid == 0) {
        const std::string why =
            session.failure ? session.failure->text() : "it was killed while it was being set up";
        session.responder.error(ControlError::operation_failed, why);
        finish(session);
    } else if (!session.failure) {
        session.responder.reply_more({{"pid", session.pid}}, std::move(session.callers_ends));
    }
}

void EnterSessions::on_exit(Session& session, ExitStatus status) {
    // The first process, which only made the second one, may hold the socket for a moment longer
    // than a short command lives. All that the command had to say is here, and it gets no hang-up
    // after it.
    if (session.spawned.report_socket) {
        if (const auto words = session.spawned.last_words.take()) {
            session.failure = explain(*session.plan, *words);
        }
        on_hang_up(session);
    }
    if (session.failure) {
        session.responder.error(ControlError::operation_failed, session.failure->text());
    } else {
        session.responder.reply(exit_facts(status));
    }
    finish(session);
}

void EnterSessions::finish(Session& session) {
    services_.reaper.forget(session.spawned.pid);
    if (session.pid != 0) services_.reaper.forget(session.pid);
    // Its callbacks may be on the stack: it goes when they are done.
    services_.loop.defer([this, &session] {
        std::erase_if(sessions_, [&](const auto& entry) { return entry.get() == &session; });
    });
}

}  // namespace confinit
