// SPDX-License-Identifier: Apache-2.0
// The last steps of PID 1, when no unit is left that is waited for.
#include "supervisor/machine/machine_end.h"

#include "base/fd.h"
#include "base/file.h"
#include "kernel/mount_table.h"
#include "kernel/process_state.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <functional>
#include <linux/reboot.h>
#include <ranges>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif

namespace confinit {
namespace {

constexpr std::chrono::seconds longest_kill{2};
constexpr std::chrono::milliseconds shortest_kill{500};
constexpr std::chrono::seconds longest_sync{10};
constexpr std::chrono::seconds longest_unmount{5};
constexpr std::chrono::milliseconds shortest_unmount{200};
constexpr std::chrono::milliseconds longest_telling{500};
constexpr std::size_t processes_told = 8;

// PID 1 waits for the last processes without its loop: SIGCHLD is blocked.
void wait_for_child_signal(Clock::time_point until) {
    const auto left = std::max<Clock::duration>(until - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec length{seconds.count(), std::chrono::nanoseconds{left - seconds}.count()};
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    (void)sigtimedwait(&child_signal, nullptr, &length);
}

// Reaps the children that have ended; whether none is left.
bool reap_all() {
    for (;;) {
        siginfo_t ended{};
        if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) < 0) return errno == ECHILD;
        if (ended.si_pid == 0) return false;
    }
}

std::string describe(const Fd& procfs, pid_t pid) {
    const auto process = read_process_state(procfs, pid);
    if (!process || process->is_of_kernel || process->state == 'Z') return {};
    return sleep_text(pid, *process, read_sleep(procfs, pid));
}

// Tells of the processes that live on after SIGKILL, PID 1 aside.
void tell_survivors(Console& console) {
    const auto procfs = open_procfs();
    if (!procfs) return;
    std::size_t told = 0;
    for (const pid_t pid : list_processes().value_or(std::vector<pid_t>{})) {
        if (pid == 1 || told == processes_told) continue;
        const std::string text = describe(*procfs, pid);
        if (text.empty()) continue;
        ++told;
        console.error(fmt::format("does not end after SIGKILL, given up: {}", text));
    }
}

// SIGKILL to everybody but us; as PID 1 of a pid namespace it reaches just that namespace: kill(2).
void kill_everybody(Console& console, Clock::time_point until) {
    (void)kill(-1, SIGKILL);
    const auto now = Clock::now();
    const auto deadline = std::max(std::min(until, now + longest_kill), now + shortest_kill);
    while (!reap_all()) {
        if (Clock::now() >= deadline) return tell_survivors(console);
        wait_for_child_signal(deadline);
    }
}

// Work in a process that may be left behind.
class Errand {
public:
    Errand(std::string name, const std::function<void()>& work) : name_(std::move(name)) {
        pid_ = fork();
        if (pid_ != 0) return;
        work();
        _exit(EXIT_SUCCESS);
    }

    // Whether it is over before this time; when not, the console tells what it is at.
    bool wait(Console& console, Clock::time_point until) const {
        if (pid_ < 0) {
            console.error(fmt::format("{} given up: fork: {}", name_, errno_text(errno)));
            return false;
        }
        for (;;) {
            siginfo_t ended{};
            if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) < 0 || ended.si_pid == pid_)
                return true;
            if (ended.si_pid != 0) continue;
            if (Clock::now() >= until) break;
            wait_for_child_signal(until);
        }
        const auto procfs = open_procfs();
        const std::string text = procfs ? describe(*procfs, pid_) : "";
        console.error(fmt::format("{} given up, it does not end: {}", name_, text));
        return false;
    }

private:
    std::string name_;
    pid_t pid_ = -1;
};

bool is_kernel_file_system(std::string_view type) {
    static constexpr std::string_view types[] = {"proc",    "sysfs",   "devtmpfs", "devpts",
                                                 "cgroup2", "mqueue",  "rootfs",   "securityfs",
                                                 "bpf",     "debugfs", "tracefs",  "hugetlbfs"};
    return std::ranges::find(types, type) != std::end(types);
}

// A file system whose server may be gone or silent.
bool is_served(std::string_view type) {
    static constexpr std::string_view prefixes[] = {"fuse", "nfs", "cifs", "smb", "9p", "ceph"};
    return std::ranges::any_of(prefixes,
                               [&](std::string_view prefix) { return type.starts_with(prefix); });
}

// Requests that wait for the server fail from then on.
void abort_requests(const std::string& target) {
    (void)umount2(target.c_str(), UMOUNT_NOFOLLOW | MNT_FORCE);
}

void write_line_to(const std::string& path, const std::string& line) {
    const Fd file{open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)};
    if (file) (void)write_all(file, path, line + "\n");
}

// A file system that is busy is written out and becomes read-only, so that its data is on the disk.
void unmount(const std::string& target, std::string_view type) {
    if (target != "/" && umount2(target.c_str(), UMOUNT_NOFOLLOW) == 0) return;
    if (is_served(type)) return abort_requests(target);
    const Fd root{open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)};
    if (root) (void)syncfs(root.get());
    (void)mount(nullptr, target.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
}

// Also when no time is left, one that does not hang has a chance.
Clock::time_point deadline_of_unmount(Clock::time_point until) {
    const auto now = Clock::now();
    return std::max(std::min(until, now + longest_unmount), now + shortest_unmount);
}

void unmount_one(const Mount& entry, Console& console, Clock::time_point until) {
    const Errand errand{fmt::format("unmount '{}' ({})", entry.target, entry.type), [&] {
                            unmount(entry.target, entry.type);
                        }};
    const bool is_done = errand.wait(console, deadline_of_unmount(until));
    if (is_done || !is_served(entry.type)) return;
    const Errand second{fmt::format("abort of what waits for '{}'", entry.target), [&] {
                            abort_requests(entry.target);
                        }};
    (void)second.wait(console, deadline_of_unmount(until));
}

// Deepest mounts first. Each has a process of its own: one that hangs keeps no other one.
void unmount_everything(Console& console, Clock::time_point until) {
    const auto table = MountTable::read_own();
    if (!table) return;
    for (const Mount& entry : std::views::reverse(table->mounts())) {
        if (is_kernel_file_system(entry.type) || entry.target == "/") continue;
        if (Clock::now() > until + longest_unmount) {
            console.error(fmt::format("no time is left to unmount '{}'", entry.target));
            break;
        }
        unmount_one(entry, console, until);
    }
    const Errand errand{"making '/' read-only", [] {
                            unmount("/", "");
                        }};
    (void)errand.wait(console, deadline_of_unmount(until));
}

bool sync_disks(Console& console, Clock::time_point until) {
    return Errand{"sync",
                  [] {
                      sync();
                  }}
        .wait(console, until);
}

// A program on the host can read the line before the machine is gone. A port that nobody reads does
// not take it.
void tell_host(const LastStep& step, Console& console) {
    console.write_line(step.line);
    if (step.exit_file.empty()) return;
    const Errand errand{fmt::format("the last line to '{}'", step.exit_file), [&] {
                            write_line_to(step.exit_file, step.line);
                        }};
    (void)errand.wait(console, std::min(step.until, Clock::now() + longest_telling));
}

// QEMU ends with the lowest byte of (code << 1) | 1: hw/misc/debugexit.c.
void exit_emulator(unsigned port, int code) {
#ifdef __x86_64__
    if (ioperm(port, 4, 1) == 0)
        outl(static_cast<unsigned>(code), static_cast<unsigned short>(port));
#else
    (void)port;
    (void)code;
#endif
}

int reboot_command(FinalAct act) {
    switch (act) {
    case FinalAct::power_off:
    case FinalAct::exit:
        return LINUX_REBOOT_CMD_POWER_OFF;
    case FinalAct::reboot:
        return LINUX_REBOOT_CMD_RESTART;
    case FinalAct::halt:
        return static_cast<int>(LINUX_REBOOT_CMD_HALT);
    }
    return LINUX_REBOOT_CMD_POWER_OFF;
}

}  // namespace

void end_machine(Mode mode, const LastStep& step, Console& console) {
    const Clock::time_point until = step.until;
    if (mode == Mode::process) _exit(step.exit_code);
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child_signal, nullptr);
    kill_everybody(console, until);
    // The kernel of a container runs on, and writes out what its file systems hold. A process that
    // waits for one of them would only keep the container from its end.
    if (mode == Mode::container) _exit(step.exit_code);
    tell_host(step, console);
    const auto now = Clock::now();
    // A sync that hangs is given up in time to unmount the others, which writes them out as well.
    const bool is_synced =
        sync_disks(console, std::min(now + longest_sync, now + (until - now) / 2));
    unmount_everything(console, until);
    if (is_synced) (void)sync_disks(console, std::min(until, Clock::now() + longest_sync));
    if (step.debug_exit) exit_emulator(*step.debug_exit, step.exit_code);
    (void)reboot(reboot_command(step.act));
    // A machine that cannot do it must not lose its PID 1: that would be a kernel panic.
    for (;;)
        pause();
}

}  // namespace confinit
