// SPDX-License-Identifier: Apache-2.0
// The run's part about signals: to whom they go, and who is left after them.
#include "supervisor/units/run.h"

#include "supervisor/units/leftovers.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace confinit {

Status Run::signal_main(int signal) const {
    if (!main_process()) return failure("the main process is not known yet");
    if (!main_process().signal(signal)) {
        return errno_failure("pidfd_send_signal", std::to_string(main_pid()));
    }
    return {};
}

// Our own reaper of the pid namespace would only pass the signal on to the main process again.
std::unique_ptr<SignalWalk> Run::make_walk(int signal) const {
    auto node = node_->node().duplicate();
    if (!node) return nullptr;
    std::string shown_path = node->path().substr(machinery_.tree->mount().size());
    return std::make_unique<SignalWalk>(std::move(*node), std::move(shown_path), signal,
                                        launch_.has_reaper() ? launch_.first_pid() : 0);
}

// The kernel ends all processes of a node at once, also frozen ones, those that are being forked,
// and our reaper, which a frozen node would keep from telling of the end.
void Run::signal_all(int signal, NodeSignals::Done done) const {
    if (!node_) return done(signal_main(signal));
    if (signal == SIGKILL && node_->node().kill()) return done({});
    auto walk = make_walk(signal);
    if (!walk) return done(std::unexpected(system_error(EMFILE, "dup")));
    machinery_.signals.go(std::move(walk), std::move(done));
}

void Run::send_stop_signal() {
    is_asked_to_end_ = true;
    readiness_->end_watchdog();
    is_stopping_ = true;
    freezer_.end(failure("the service is being stopped"));
    signal_for_stop();
}

Status Run::send_reload_signal() const {
    return signal_main(*unit_.service->reload_signal);
}

// A frozen process gets the signal first, so that it does not go on without it.
void Run::signal_for_stop() {
    if (empty_) {
        // Its last process has ended already.
        if (listener_.signalled) listener_.signalled();
        return;
    }
    const int signal = unit_.service->stop_signal;
    const auto done = [this](const Status& sent) {
        if (!sent && sent.error().error != ESRCH) {
            machinery_.console.warning(
                fmt::format("stop '{}': {}, ignoring", unit_.name, sent.error().text()));
        }
        thaw();
        if (listener_.signalled) listener_.signalled();
    };
    if (!node_ || unit_.service->kill_mode == KillMode::mixed) return done(signal_main(signal));
    if (stop_walk_) {
        stop_walk_->again();
    } else {
        stop_walk_ = make_walk(signal);
    }
    if (!stop_walk_) return done(std::unexpected(system_error(EMFILE, "dup")));
    machinery_.signals.go(*stop_walk_, done);
}

void Run::forget_stop_walk() {
    if (stop_walk_) machinery_.signals.forget(*stop_walk_);
    stop_walk_.reset();
}

// Its core shows what it was at; when it cannot be sent, the stop timeout ends the service.
void Run::send_abort_signal() {
    is_asked_to_end_ = true;
    (void)signal_main(SIGABRT);
}

void Run::kill_all() {
    is_asked_to_end_ = true;
    forget_stop_walk();
    launch_.kill_beside_node();
    if (node_) {
        // A process ends no faster than its group's CPU quota lets it.
        (void)node_->node().write("cpu.max", "max");
        if (const auto killed = node_->node().kill(); killed) return;
    }
    launch_.kill_processes();
}

std::vector<pid_t> Run::some_processes() const {
    constexpr std::size_t most = 4;
    std::vector<pid_t> pids;
    if (node_) pids = confinit::some_processes(node_->node(), most);
    if (!node_ && !launch_.has_ended() && launch_.first_pid() > 0) {
        pids.push_back(main_pid() > 0 ? main_pid() : launch_.first_pid());
    }
    if (const pid_t remover = runtime_directories_.remover()) pids.push_back(remover);
    return pids;
}

}  // namespace confinit
