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
Result<Pipe> make_output_pipe(const NodeOwner& owner, bool has_user_namespace) {
    Pipe pipe = TRY(make_pipe());
    if (owner.uid == geteuid() && owner.gid == getegid()) return pipe;
    if (fchown(pipe.write_end.get(), owner.uid, owner.gid) == 0) return pipe;
    Error failure{
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

// The copies are the service's alone, and go with it.
Result<ServiceStreams> share_own_streams(OwnStreams kind) {
    ServiceStreams streams;
    Fd* const copies[] = {&streams.lent.input, &streams.lent.output, &streams.lent.error};
    for (int number = 0; number <= 2; ++number) {
        *copies[number] = Fd{fcntl(number, F_DUPFD_CLOEXEC, 3)};
        if (!*copies[number]) return errno_failure("fcntl F_DUPFD_CLOEXEC");
    }
    streams.lent.input_is_tty = kind == OwnStreams::terminal;
    return streams;
}

Result<ServiceStreams> open_streams(const NodeOwner& user, bool has_user_namespace) {
    Fd input = TRY(open_at(AT_FDCWD, "/dev/null", O_RDONLY));
    Pipe output = TRY(make_output_pipe(user, has_user_namespace));
    Pipe error_output = TRY(make_output_pipe(user, has_user_namespace));
    return ServiceStreams{
        {std::move(input), std::move(output.write_end), std::move(error_output.write_end)},
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
                           machinery.clone_method),
      launch_(machinery, owner_,
              {.made = [this] { on_made(); },
               .executing = [this] { on_executing(); },
               .running = [this] { on_running(); },
               .ended =
                   [this](ExitStatus status) {
                       on_ended(status);
                   }}) {}

Result<std::unique_ptr<Run>> Run::start(const Planned& planned, Machinery& machinery,
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
    // A run that is dropped half-way must not leave a process that nobody knows.
    if (launch_.first_pid() > 0 && !launch_.has_ended()) run_in_destructor([this] { kill_all(); });
}

// One that is being removed, since another unit has ended, is there again in a moment.
Status Run::claim_directories() {
    const auto going =
        machinery_.directory_claims->claim(unit_.name, texts_of(plan()->runtime_directories));
    if (!going) return {};
    return std::unexpected(
        Error{.key = "directories.runtime",
              .object = *going,
              .call = "rmdir",
              .error = EBUSY,
              .hint = "another unit has used it, and it is being removed with all that is in it"});
}

// The preparer stops at the first one that it cannot have, which may well be another's.
std::vector<std::string> Run::refused_directories() const {
    std::vector<std::string> refused;
    const auto& preparations = plan()->child.preparations;
    for (std::size_t i = launch_.failed_preparation(); i < preparations.size(); ++i) {
        if (preparations[i].kind != Preparation::Kind::directory) continue;
        refused.push_back(directory_path(preparations[i].base, preparations[i].path));
    }
    return refused;
}

Status Run::spawn_main() {
    if (!plan()->runtime_directories.empty()) TRY(claim_directories());
    const NodeOwner user = owner();
    TRY(readiness_->open_socket(user.uid));
    const OwnStreams own = unit_.service->own_streams;
    ServiceStreams streams = TRY(own == OwnStreams::none ? open_streams(user, unit_.namespaces.user)
                                                         : share_own_streams(own));
    streams.lent.ready = readiness_->take_pipe();
    streams.lent.notify_name = readiness_->notify_name();
    TRY(launch_.begin(*plan_, node_ ? node_->entrance().directory().get() : -1,
                      std::move(streams.lent)));
    return watch_everything(std::move(streams.output), std::move(streams.error_output));
}

Status Run::watch_everything(Fd output, Fd error_output) {
    TRY(readiness_->begin(unit_node(), cgroup_path()));
    if (output) output_ = TRY(read_output(std::move(output), LogStream::standard_output));
    if (error_output)
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

// The node was killed before there was anybody in it.
void Run::on_made() {
    if (is_asked_to_end_) kill_all();
}

void Run::on_executing() {
    readiness_->set_main(main_pid());
    if (launch_.has_reaper()) watch_main();
}

void Run::on_running() {
    listener_.emit(engine::Event::launched);
    readiness_->on_launched();
}

void Run::on_ended(ExitStatus status) {
    readiness_->end_main();
    describe_exit(status);
    if (!launch_.has_run()) {
        listener_.emit(launch_.is_launcher_lost() ? engine::Event::launcher_lost
                                                  : engine::Event::launch_failed);
    } else {
        listener_.emit(status.is_clean() ? engine::Event::main_exited_clean
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
    if (!launch_.has_ended() || !has_read_output()) return;
    empty_ = true;
    freezer_.end(failure("the service has ended"));
    listener_.emit(engine::Event::cgroup_empty);
}

// Only SIGKILL is how the kernel ends a process for want of memory; whoever ends otherwise has
// perhaps lost a process that way, and says so by how it ends.
std::string Run::end_text(ExitStatus status) const {
    const bool by_kill = status.code != CLD_EXITED && status.status == SIGKILL;
    const auto oom = limit_events_ && by_kill ? limit_events_->kill_of_main() : std::nullopt;
    if (oom) return *oom;
    if (is_stalled_ && by_kill) {
        return fmt::format("memory-stall: no progress for {}, killed",
                           format_duration(*unit_.cgroup_place.memory_stall_timeout));
    }
    if (status.code != CLD_EXITED && status.status == SIGSYS) {
        return fmt::format("killed by its system call filter (SIGSYS): by {}; {}",
                           killing_keys(unit_), killed_call_hint);
    }
    const bool may_have_lost = !by_kill && !status.is_clean();
    const auto lost = limit_events_ && may_have_lost ? limit_events_->kill_of_any() : std::nullopt;
    if (lost) {
        return fmt::format("{}, a process of it was {}", exit_text(status), *lost);
    }
    if (status.is_clean() && !is_asked_to_end_) return exit_text(status) + left_behind_text();
    return exit_text(status);
}

// A daemon that forks away leaves its work to processes which nobody watches.
std::string Run::left_behind_text() const {
    constexpr std::string_view cure = "ended with it; run it in the foreground";
    if (launch_.has_left_processes())
        return fmt::format(" and left processes, which were {}", cure);
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
    end_.setup_failure = launch_.failure();
    if (end_.setup_failure) {
        end_.text = "setup-failed: " + end_.setup_failure->text();
        return;
    }
    // The limits hold for our own code in the child as well.
    const auto oom = limit_events_ ? limit_events_->kill_of_main() : std::nullopt;
    if (launch_.has_run()) {
        end_.text = end_text(status);
        end_.status = status;
        end_.is_oom_kill = oom && status.code != CLD_EXITED && status.status == SIGKILL;
        return;
    }
    end_.setup_failure =
        Error{.key = "",
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
        !runtime_directories_.remove(unit_.name, refused_directories(), launch_.preparer())) {
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
