// SPDX-License-Identifier: Apache-2.0
// Run: one run of a service, from its fresh node to the removal of all that belonged to it.
#include "supervisor/units/run.h"

#include "base/file.h"
#include "base/text.h"
#include "launch/plan/parts.h"
#include "launch/seccomp/killing_keys.h"
#include "launch/spawn/launch_hints.h"
#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>

namespace confinit {
namespace {

// The service may open /dev/stdout again, so the pipe belongs to the user that it runs as.
LaunchResult<Pipe> make_output_pipe(const NodeOwner& owner, bool has_user_namespace) {
    auto pipe = make_pipe();
    if (!pipe) return std::unexpected(to_launch_failure(std::move(pipe).error()));
    if (owner.uid == geteuid() && owner.gid == getegid()) return std::move(*pipe);
    if (fchown(pipe->write_end.get(), owner.uid, owner.gid) == 0) return std::move(*pipe);
    LaunchFailure failure{
        .key = "service.user",
        .object = fmt::format("{}:{}", owner.uid, owner.gid),
        .call = "fchown",
        .error = errno,
        .hint =
            "the supervisor cannot give away the pipes of the output: it lacks CAP_CHOWN, or "
            "its user namespace does not map these ids"};
    if (has_user_namespace) {
        failure.key = "namespaces.user";
        failure.hint += "; without privileges a service can have the supervisor's own ids, by " +
                        own_ids_key(present_user()) + " or without the key";
    }
    return std::unexpected(std::move(failure));
}

struct ServiceStreams {
    Streams lent;
    Fd output;
    Fd error_output;
};

LaunchResult<ServiceStreams> open_streams(const NodeOwner& user, bool has_user_namespace) {
    auto input = open_at(AT_FDCWD, "/dev/null", O_RDONLY);
    if (!input) return std::unexpected(to_launch_failure(std::move(input).error()));
    Pipe output = TRY(make_output_pipe(user, has_user_namespace));
    Pipe error_output = TRY(make_output_pipe(user, has_user_namespace));
    return ServiceStreams{
        {std::move(*input), std::move(output.write_end), std::move(error_output.write_end)},
        std::move(output.read_end),
        std::move(error_output.read_end)};
}

std::vector<std::string> texts_of(const ImageList<ImageString>& list) {
    return {list.begin(), list.end()};
}

// In the node alone: a daemon that has made nodes below it watches over them itself.
Result<std::size_t> count_processes(const Cgroup& node) {
    const std::string processes = TRY(node.read("cgroup.procs"));
    const std::string_view text = trim(processes);
    return text.empty() ? 0 : split(text, '\n').size();
}

}  // namespace

Run::Run(const Planned& planned, Machinery& machinery, LogRing& log, Listener listener)
    : unit_(planned.unit),
      machinery_(machinery),
      log_(log),
      listener_(std::move(listener)),
      plan_(planned.plan),
      owner_(new_owner(machinery.loop)),
      runtime_directories_(*machinery.directory_claims, machinery.reaper, machinery.console,
                           machinery.clone_method) {}

LaunchResult<std::unique_ptr<Run>> Run::start(const Planned& planned, Machinery& machinery,
                                              GroupNodes groups, LogRing& log, Listener listener) {
    std::unique_ptr<Run> run{new Run(planned, machinery, log, std::move(listener))};
    run->readiness_ = TRY(ReadinessWatch::make(run->unit_, machinery.launch_context, machinery.loop,
                                               machinery.notify_hub, log, run->listener_));
    run->readiness_->set_report_reader([raw = run.get()] { raw->drain_reports(); });
    for (const std::string& warning : run->plan_->warnings)
        machinery.console.warning(run->unit_.name + ": " + warning);
    TRY(run->make_node(std::move(groups)));
    if (auto spawned = run->spawn_main(); !spawned) {
        (void)run->release();
        return std::unexpected(std::move(spawned).error());
    }
    return run;
}

Run::~Run() {
    forget_node();
    if (spawned_.pid > 0 && !first_exited_) {
        // A run that is dropped half-way must not leave a process that nobody knows.
        machinery_.reaper.forget(spawned_.pid);
        if (main_pid_ > 0) machinery_.reaper.forget(main_pid_);
        run_in_destructor([this] { kill_all(); });
    }
    report_watch_.reset();
    let_go(machinery_.loop, std::move(spawned_.report_socket), owner_);
    let_go(machinery_.loop, std::move(spawned_.exit_socket), owner_);
}

// One that is being removed, since another unit has ended, is there again in a moment.
LaunchStatus Run::claim_directories() {
    const auto going =
        machinery_.directory_claims->claim(unit_.name, texts_of(plan()->runtime_directories));
    if (!going) return {};
    return std::unexpected(LaunchFailure{
        .key = "directories.runtime",
        .object = *going,
        .call = "rmdir",
        .error = EBUSY,
        .hint = "another unit has used it, and it is being removed with all that is in it"});
}

// The preparer stops at the first one that it cannot have, which may well be another's.
std::vector<std::string> Run::refused_directories() const {
    std::vector<std::string> refused;
    const auto& preparations = plan()->child.preparations;
    for (std::size_t i = failed_preparation_; i < preparations.size(); ++i) {
        if (preparations[i].kind != Preparation::Kind::directory) continue;
        refused.push_back(directory_path(preparations[i].base, preparations[i].path));
    }
    return refused;
}

LaunchResult<void> Run::spawn_main() {
    if (!plan()->runtime_directories.empty()) TRY(claim_directories());
    const NodeOwner user = owner();
    if (auto opened = readiness_->open_socket(user.uid); !opened) {
        return std::unexpected(to_launch_failure(std::move(opened).error()));
    }
    ServiceStreams streams = TRY(open_streams(user, unit_.namespaces.user));
    streams.lent.ready = readiness_->take_pipe();
    streams.lent.notify_name = readiness_->notify_name();
    spawned_ = TRY(spawn(*plan_, node_ ? node_->entrance().directory().get() : -1,
                         std::move(streams.lent), machinery_.clone_method));
    machinery_.reaper.adopt(spawned_.pid, [this](ExitStatus s) { on_first_process_exit(s); });
    auto watched = watch_everything(std::move(streams.output), std::move(streams.error_output));
    if (!watched) return std::unexpected(to_launch_failure(std::move(watched).error()));
    return {};
}

Status Run::watch_everything(Fd output, Fd error_output) {
    TRY(readiness_->begin(spawned_.pid, unit_node()));
    report_watch_ = TRY(machinery_.loop.on_fd(spawned_.report_socket, EPOLLIN,
                                              [this](std::uint32_t) { drain_reports(); }));
    output_ = TRY(read_output(std::move(output), LogStream::standard_output));
    error_output_ = TRY(read_output(std::move(error_output), LogStream::standard_error));
    return node_ ? watch_node() : Status{};
}

Result<std::unique_ptr<PipeReader>> Run::read_output(Fd pipe, LogStream stream) {
    return PipeReader::make(
        machinery_.loop, std::move(pipe), owner_,
        {[this, stream](std::string_view bytes) {
             // The pipe is read on, also without memory for a line.
             const OutsideReserve outside;
             (void)machinery_.loop.run_guarded([&] { log_.append(stream, bytes); });
         },
         [] {
         }});
}

// Whether the last words of the service are read; if not, check_populated() is called once more.
bool Run::has_read_output() {
    const auto has_read = [this](const std::unique_ptr<PipeReader>& reader) {
        if (!reader || reader->is_drained()) return true;
        reader->drain([this] { check_populated(); });
        return false;
    };
    const bool has_read_errors = has_read(error_output_);
    return has_read(output_) && has_read_errors;
}

void Run::drain_reports() {
    if (!spawned_.report_socket) return;
    for (;;) {
        auto received = receive_report(spawned_.report_socket, &spawned_.last_words);
        if (!received || std::holds_alternative<HungUp>(*received)) return on_hang_up();
        auto* report = std::get_if<ReceivedReport>(&*received);
        if (report == nullptr) return;
        on_report(std::move(*report));
    }
}

void Run::on_report(ReceivedReport received) {
    switch (received.report.kind) {
    case LaunchReport::Kind::failed:
        end_.setup_failure = explain(*plan_, received.report);
        if (received.report.stage == LaunchStage::preparation)
            failed_preparation_ = static_cast<std::size_t>(received.report.item);
        return;
    case LaunchReport::Kind::executing:
        executing_ = true;
        main_pid_ = received.sender;
        readiness_->set_main(main_pid_);
        main_pidfd_ = std::move(received.process);
        if (has_reaper()) watch_main();
        // In a joined pid namespace the first process only makes the main one, as our child.
        if (plan()->child.fork_into_pid_namespace) {
            machinery_.reaper.adopt(main_pid_, [this](ExitStatus s) { on_main_exit(s); });
        }
        return;
    case LaunchReport::Kind::prepared:  // between the preparer and the child
        return;
    case LaunchReport::Kind::main_exited:
        main_status_ = exit_status_of_wait(received.report.status);
        has_left_in_namespace_ = received.report.item == left_others;
        return;
    }
}

void Run::on_hang_up() {
    report_watch_.reset();
    let_go(machinery_.loop, std::move(spawned_.report_socket), owner_);
    // The main process of a joined pid namespace, which nobody has told us of, has ended.
    if (!executing_ && handed_over_) on_main_exit({CLD_KILLED, SIGKILL});
    // Without the mark before execve the child died while it was being set up.
    if (!executing_ || end_.setup_failure || launched_) return;
    launched_ = true;
    listener_.emit(engine::Event::launched);
    readiness_->on_launched();
}

void Run::on_first_process_exit(ExitStatus status) {
    drain_reports();
    handed_over_ = plan()->child.fork_into_pid_namespace && status.is_clean();
    if (!handed_over_ || (!spawned_.report_socket && !executing_)) on_main_exit(status);
}

void Run::on_main_exit(ExitStatus status) {
    first_exited_ = true;
    drain_reports();
    // The process that has made it, to have it in a joined pid namespace, may be on its way out
    // yet.
    if (executing_ && spawned_.report_socket) {
        if (const auto words = spawned_.last_words.take()) on_report({.report = *words});
        on_hang_up();
    }
    readiness_->end_main();
    if (has_reaper()) {
        while (auto received = receive_report(spawned_.exit_socket)) {
            auto* report = std::get_if<ReceivedReport>(&*received);
            if (report == nullptr) break;
            on_report(std::move(*report));
        }
    }
    const ExitStatus ended = main_status_.value_or(status);
    describe_exit(ended);
    if (!launched_) {
        listener_.emit(engine::Event::launch_failed);
    } else {
        listener_.emit(ended.is_clean() ? engine::Event::main_exited_clean
                                        : engine::Event::main_failed);
    }
    check_populated();
    // A child that was being forked when its parent was signalled may have missed the stop signal.
    if (is_stopping_ && stop_walk_ && !empty_) signal_for_stop();
}

void Run::on_node_event() {
    if (node_) freezer_.check(node_->node());
    check_frozen();
    check_populated();
}

void Run::check_populated() {
    if (empty_) return;
    if (node_) {
        const auto populated = node_->node().is_populated();
        // A node that cannot be read any more is gone, and nobody lives in it.
        if (populated && *populated) return;
    }
    if (!first_exited_ || !has_read_output()) return;
    empty_ = true;
    freezer_.end(failure("the service has ended"));
    listener_.emit(engine::Event::cgroup_empty);
}

// Only SIGKILL is how the kernel ends a process for want of memory; whoever ends otherwise has
// perhaps lost a process that way, and says so by how it ends.
std::string Run::end_text(ExitStatus status) const {
    const bool by_kill = status.code != CLD_EXITED && status.status == SIGKILL;
    const auto oom = limit_events_ ? limit_events_->kill_of_main() : std::nullopt;
    if (oom && by_kill) return *oom;
    if (is_stalled_ && by_kill) {
        return fmt::format("memory-stall: no progress for {}, killed",
                           format_duration(*unit_.cgroup_place.memory_stall_timeout));
    }
    if (status.code != CLD_EXITED && status.status == SIGSYS) {
        return fmt::format("killed by its system call filter (SIGSYS): by {}; {}",
                           killing_keys(unit_), killed_call_hint);
    }
    const auto lost = limit_events_ ? limit_events_->kill_of_any() : std::nullopt;
    if (lost && !by_kill && !status.is_clean()) {
        return fmt::format("{}, a process of it was {}", exit_text(status), *lost);
    }
    if (status.is_clean() && !is_asked_to_end_) return exit_text(status) + left_behind_text();
    return exit_text(status);
}

// A daemon that forks away leaves its work to processes which nobody watches.
std::string Run::left_behind_text() const {
    constexpr std::string_view cure = "ended with it; run it in the foreground";
    if (has_left_in_namespace_) return fmt::format(" and left processes, which were {}", cure);
    const auto left = node_ ? count_processes(node_->entrance()) : Result<std::size_t>{0};
    if (!left || *left == 0) return {};
    return fmt::format(" and left {} process{}, which {} {}", *left, *left == 1 ? "" : "es",
                       *left == 1 ? "was" : "were", cure);
}

void Run::describe_exit(ExitStatus status) {
    end_.not_heard = readiness_->not_heard();
    if (limit_events_) {
        end_.forks_refused = limit_events_->forks_refused();
        end_.limits_met = limit_events_->texts();
    }
    if (end_.setup_failure) {
        end_.text = "setup-failed: " + end_.setup_failure->text();
        return;
    }
    if (launched_) {
        end_.text = end_text(status);
        return;
    }
    // The limits hold for our own code in the child as well.
    const auto oom = limit_events_ ? limit_events_->kill_of_main() : std::nullopt;
    end_.setup_failure =
        LaunchFailure{.key = "",
                      .object = "",
                      .call = "",
                      .error = 0,
                      .hint = oom.value_or(exit_text(status)) + " while it was being set up"};
    end_.text = "setup-failed: " + end_.setup_failure->hint;
}

bool Run::release(Next next) {
    if (next == Next::launch) machinery_.directory_claims->refuse(refused_directories());
    const bool keeps_directories = next == Next::launch || plan()->runtime_directories.empty();
    if (!keeps_directories &&
        !runtime_directories_.remove(unit_.name, refused_directories(), spawned_.preparer_pidfd)) {
        return false;
    }
    log_.finish_lines();
    if (node_) {
        forget_node();
        if (const auto removed = node_->remove(); !removed) return false;
        limit_events_.reset();
        node_.reset();
    }
    return true;
}

}  // namespace confinit
