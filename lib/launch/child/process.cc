// SPDX-License-Identifier: Apache-2.0
// The child's steps on what a process has from birth: descriptors, session, signals, limits.
#include "launch/child/kernel_sigaction.h"
#include "launch/child/mount_calls.h"
#include "launch/child/steps.h"

#include <array>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

namespace confinit {

namespace {

// clone3(2)'s CLONE_CLEAR_SIGHAND leaves ignored signals ignored, and `yes | head -1` would not
// end. SIGKILL and SIGSTOP refuse, as they cannot be changed in the first place. Our reaper never
// unblocks a signal, and a blocked one waits even where it is ignored; but with SIGCHLD ignored its
// children would vanish unreaped.
bool reset_signals(ChildContext& child) {
    if (child.plan.has_default_signals) return true;
    const KernelSigaction default_action{};
    for (int number = 1; number <= signal_count; ++number) {
        if (number == SIGKILL || number == SIGSTOP) continue;
        if (child.is_reaper && number != SIGCHLD) continue;
        child.item = number;
        if (child.call(SYS_rt_sigaction, number, &default_action, nullptr, sizeof(std::uint64_t)) <
            0) {
            return false;
        }
    }
    child.item = -1;
    return true;
}

bool take_controlling_terminal(ChildContext& child) {
    if (child.plan.tty == nullptr && !child.plan.tty_is_stream) return true;
    // 1: take it from another session, as a console's getty must. Only root may.
    return child.call(SYS_ioctl, STDIN_FILENO, TIOCSCTTY, 1) >= 0;
}

bool set_rlimit(ChildContext& child, std::size_t index) {
    child.item = static_cast<std::int32_t>(index);
    return child.call(SYS_prlimit64, 0, child.plan.rlimit_resources.data()[index],
                      child.plan.rlimit_values.data() + index, nullptr) >= 0;
}

// The steps up to exec open files of their own, so the exact limit waits for the last of them;
// the right to raise the hard one is gone by then.
bool lift_open_files(ChildContext& child, std::size_t index) {
    child.item = static_cast<std::int32_t>(index);
    rlimit64 present{};
    if (child.call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &present) < 0) return false;
    const rlimit64& wanted = child.plan.rlimit_values.data()[index];
    if (wanted.rlim_max <= present.rlim_max) return true;
    present.rlim_max = wanted.rlim_max;
    return child.call(SYS_prlimit64, 0, RLIMIT_NOFILE, &present, nullptr) >= 0;
}

// A descriptor that a later step needs makes way for the ready pipe.
bool move_above(ChildContext& child, int& descriptor, int number) {
    if (descriptor != number) return true;
    const long moved = child.call(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, number + 1);
    if (moved >= 0) descriptor = static_cast<int>(moved);
    return moved >= 0;
}

// Our reaper has no business with it.
bool place_ready_pipe(ChildContext& child) {
    const int number = child.plan.ready_number;
    if (child.plan.ready_pipe < 0 || child.is_reaper) return true;
    return move_above(child, child.process, number) &&
           move_above(child, child.reaper_ready, number) &&
           child.call(SYS_dup3, child.plan.ready_pipe, number, 0) >= 0;
}

}  // namespace

bool wait_for_parent(ChildContext& child) {
    if (!child.plan.wait_for_parent) return true;
    char byte = 0;
    const long count =
        child.call(SYS_recvfrom, child.plan.report_socket, &byte, sizeof byte, 0, nullptr, nullptr);
    if (count == 0) return child.refuse(EPIPE);
    return count > 0;
}

bool open_terminal(ChildContext& child) {
    if (child.plan.tty == nullptr) return true;
    const long terminal =
        child.call(SYS_openat, AT_FDCWD, child.plan.tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (int& stream : child.plan.streams)
        stream = static_cast<int>(terminal);
    return terminal >= 0;
}

bool place_streams(ChildContext& child) {
    for (int number = 0; number <= STDERR_FILENO; ++number) {
        child.item = number;
        if (child.call(SYS_dup3, child.plan.streams[number], number, 0) < 0) return false;
    }
    return true;
}

bool begin_session(ChildContext& child) {
    if (!reset_signals(child)) return false;
    if (child.call(SYS_setsid) < 0) return false;
    if (!take_controlling_terminal(child)) return false;

    const long process = child.call(SYS_pidfd_open, child.call(SYS_getpid), 0);
    if (process < 0) return false;
    child.process = static_cast<int>(process);

    // A signal that came during the launch takes effect here.
    return child.call(SYS_rt_sigprocmask, SIG_SETMASK, &child.plan.signal_mask, nullptr,
                      sizeof child.plan.signal_mask) >= 0;
}

bool set_rlimits(ChildContext& child) {
    for (std::size_t index = 0; index < child.plan.rlimit_values.size(); ++index) {
        const bool is_open_files = child.plan.rlimit_resources.data()[index] == RLIMIT_NOFILE;
        if (!(is_open_files ? lift_open_files(child, index) : set_rlimit(child, index))) {
            return false;
        }
    }
    return true;
}

bool enter_working_directory(ChildContext& child) {
    const open_how how{
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .mode = 0,
        // "/proc/self/fd/N" would lead out of the service's root.
        .resolve = RESOLVE_NO_MAGICLINKS,
    };
    const ChildFd directory{
        child.call(SYS_openat2, AT_FDCWD, child.plan.working_directory, &how, sizeof how)};
    if (!directory || child.call(SYS_fchdir, directory.get()) < 0) return false;

    // The raw call says "(unreachable)/..." for a directory outside of our root, which libc hides.
    std::array<char, PATH_MAX> path;
    if (child.call(SYS_getcwd, path.data(), path.size()) < 0) return false;
    return path.front() == '/' || child.refuse(ENOENT);
}

bool set_umask(ChildContext& child) {
    return child.call(SYS_umask, child.plan.umask) >= 0;
}

bool close_descriptors(ChildContext& child) {
    if (child.call(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return false;
    if (!place_ready_pipe(child)) return false;
    for (std::size_t index = 0; index < child.plan.rlimit_values.size(); ++index) {
        if (child.plan.rlimit_resources.data()[index] != RLIMIT_NOFILE) continue;
        if (!set_rlimit(child, index)) return false;
    }
    child.item = -1;
    return true;
}

}  // namespace confinit
