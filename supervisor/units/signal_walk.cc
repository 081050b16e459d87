// SPDX-License-Identifier: Apache-2.0
// SignalWalk: one signal to every process of a node and of the nodes below it, to each exactly
// once.
#include "supervisor/units/signal_walk.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/mount_table.h"
#include "kernel/proc_status.h"
#include "kernel/process.h"
#include "kernel/process_state.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr int most_readings = 3;

// More nodes below one node than this are left to the stop timeout.
constexpr std::size_t most_nodes = 10'000;

// A service that forks faster than it can be signalled is left to its stop timeout. A busy machine
// needs its time for some hundred thousand processes.
constexpr std::chrono::minutes longest_walk{10};

bool is_want_of_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

// The kernel tells no processes of a threaded node: the nearest node above that is not threaded has
// them. A node that vanished meanwhile had none.
bool may_be_unread(int error) {
    return error == EOPNOTSUPP || error == ENODEV || error == ENOENT;
}

// A process that has ended meanwhile needs no signal.
Status unless_gone(const Error& error) {
    if (error.error == ENOENT || error.error == ESRCH) return {};
    return std::unexpected(error);
}

}  // namespace

SignalWalk::SignalWalk(Cgroup node, std::string shown_path, int signal, pid_t except)
    : node_(std::move(node)), shown_path_(std::move(shown_path)), signal_(signal), except_(except) {
    again();
}

void SignalWalk::again() {
    status_ = {};
    readings_ = 1;
    found_new_ = false;
    pids_.clear();
    processes_.reset();
    nodes_due_.assign(1, "");
    deadline_ = Clock::now() + longest_walk;
}

SignalWalk::Step SignalWalk::step(Clock::time_point until) {
    Step step = Step::goes_on;
    do {
        step = advance();
    } while (step == Step::goes_on && Clock::now() < until);
    if (step != Step::over && Clock::now() >= deadline_) {
        status_ = failure(fmt::format("{} processes were signalled within {}, but not all",
                                      signalled_.size(), format_duration(longest_walk)));
        step = Step::over;
    }
    if (step == Step::over) {
        procfs_.reset();
        processes_.reset();
    }
    return step;
}

// One process, or one read of a list.
SignalWalk::Step SignalWalk::advance() {
    if (!procfs_) {
        auto procfs = open_procfs();
        if (!procfs) return fail(std::move(procfs).error());
        procfs_ = std::move(*procfs);
    }
    if (!pids_.empty()) {
        if (auto sent = signal_one(pids_.back()); !sent) {
            const Step step = fail(std::move(sent).error());
            if (step == Step::short_of_descriptors) return step;
        }
        pids_.pop_back();
    } else if (processes_) {
        if (auto more = read_more(); !more) {
            processes_.reset();
            return fail(std::move(more).error());
        }
    } else if (nodes_due_.empty()) {
        return read_again();
    } else if (auto opened = open_next(); !opened) {
        const Step step = fail(std::move(opened).error());
        if (step != Step::short_of_descriptors) nodes_due_.pop_back();
        return step;
    }
    return Step::goes_on;
}

// The first error is told at the end. Without our procfs nothing can be told of any process.
SignalWalk::Step SignalWalk::fail(Error error) {
    if (is_want_of_descriptors(error.error)) return Step::short_of_descriptors;
    if (status_ && !may_be_unread(error.error)) status_ = std::unexpected(std::move(error));
    return procfs_ ? Step::goes_on : Step::over;
}

SignalWalk::Step SignalWalk::read_again() {
    if (!found_new_ || readings_ == most_readings) return Step::over;
    ++readings_;
    found_new_ = false;
    nodes_due_.assign(1, "");
    return Step::goes_on;
}

Status SignalWalk::open_next() {
    Fd directory = TRY(open_at(node_.directory().get(), ".", O_RDONLY | O_DIRECTORY));
    // Part by part: a service may have made nodes deeper than a path may be long.
    for (const std::string_view part : split(nodes_due_.back(), '/')) {
        if (part.empty()) continue;
        directory =
            TRY(open_at(directory.get(), std::string{part}, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    }
    const auto names = TRY(child_nodes(directory, most_nodes));
    auto processes = open_at(directory.get(), "cgroup.procs", O_RDONLY);
    if (!processes && is_want_of_descriptors(processes.error().error)) {
        return std::unexpected(std::move(processes).error());
    }
    const std::string path = std::move(nodes_due_.back());
    nodes_due_.pop_back();
    for (const std::string& name : names)
        nodes_due_.push_back(path.empty() ? name : path + "/" + name);
    if (processes) processes_ = std::move(*processes);
    cut_.clear();
    return {};
}

Status SignalWalk::read_more() {
    std::array<char, 4096> buffer;
    const ssize_t size = read(processes_.get(), buffer.data(), buffer.size());
    if (size < 0) return errno_failure("read", node_.path() + "/cgroup.procs");
    if (size == 0) {
        processes_.reset();
        return {};
    }
    const std::string text = cut_ + std::string{buffer.data(), static_cast<std::size_t>(size)};
    const std::size_t end = text.rfind('\n') + 1;
    cut_ = text.substr(end);
    for (const std::string_view line : split(std::string_view{text}.substr(0, end), '\n')) {
        const auto pid = parse_unsigned(line);
        // The kernel shows 0 for a process of a pid namespace that we do not see.
        if (pid && *pid != 0) pids_.push_back(static_cast<pid_t>(*pid));
    }
    std::ranges::reverse(pids_);
    return {};
}

// /proc shows the process of the pidfd from pidfd_open until a signal has arrived: while that
// process exists, no other one can have its number.
Status SignalWalk::signal_one(pid_t pid) {
    if (pid == except_) return {};
    const auto process = Process::open(pid);
    if (!process) return unless_gone(process.error());
    const auto state = read_process_state(procfs_, pid);
    if (!state) return unless_gone(state.error());
    const auto known = signalled_.find(pid);
    if (known != signalled_.end() && known->second == state->start_ticks) return {};
    const auto text = read_in_procfs(procfs_, std::to_string(pid) + "/cgroup");
    if (!text) return unless_gone(text.error());
    if (!is_within(TRY(parse_cgroup_path(*text)), shown_path_)) return {};
    if (!process->signal(signal_)) {
        if (errno == ESRCH) return {};
        return errno_failure("pidfd_send_signal", std::to_string(pid));
    }
    signalled_[pid] = state->start_ticks;
    found_new_ = true;
    return {};
}

}  // namespace confinit
