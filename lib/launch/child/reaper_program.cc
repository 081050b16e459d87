// SPDX-License-Identifier: Apache-2.0
// confinit-reaper: PID 1 of a service's own pid namespace. It reaps orphans, hands signals from
// outside on to the main process, and ends with the main process's status.
//
// It has the service's ids and none of its capabilities, and locks itself before the service runs:
// not traceable, not dumpable, with a filter of the few calls below. When it ends, the kernel kills
// all that is left in the namespace.
#include "launch/child/reaper_program.h"

#include "launch/child_plan.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using confinit::LaunchReport;

#if defined(__x86_64__)
constexpr unsigned native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned native_architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr unsigned native_architecture = AUDIT_ARCH_RISCV64;
#endif

constexpr std::array allowed_calls{
    SYS_rt_sigtimedwait, SYS_waitid, SYS_pidfd_send_signal, SYS_sendto,
    SYS_write,           SYS_close,  SYS_exit_group,
};

constexpr sock_filter statement(unsigned code, std::size_t value) {
    return {static_cast<std::uint16_t>(code), 0, 0, static_cast<std::uint32_t>(value)};
}

// Goes on to the next instruction, or over it when the value differs.
constexpr sock_filter skip_unless(long value) {
    return {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(value)};
}

constexpr auto make_filter() {
    std::array<sock_filter, 5 + 2 * allowed_calls.size()> filter{};
    std::size_t next = 0;
    filter[next++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    filter[next++] = {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, native_architecture};
    filter[next++] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    filter[next++] = statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
    for (const long call : allowed_calls) {
        filter[next++] = skip_unless(call);
        filter[next++] = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[next++] = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    return filter;
}

// Nobody is left to tell when the supervisor is gone, and it sees our own end in any case.
void send_report(const LaunchReport& report) {
    (void)sendto(confinit::reaper_exit_socket, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT,
                 nullptr, 0);
}

// The main process waits for us, so there is no service yet.
[[noreturn]] void give_up(long call) {
    LaunchReport report{.kind = LaunchReport::Kind::failed};
    report.stage = confinit::LaunchStage::reaper_ready;
    report.error = errno;
    report.syscall = static_cast<std::int32_t>(call);
    send_report(report);
    _exit(confinit::exit_setup_failed);
}

void lock_itself() {
    static constexpr auto filter = make_filter();
    const sock_fprog program{filter.size(), const_cast<sock_filter*>(filter.data())};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) give_up(SYS_prctl);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) give_up(SYS_seccomp);
}

// When nobody reads, the main process has failed and its end is what comes next.
void tell_ready() {
    const char byte = 1;
    (void)!write(confinit::reaper_ready_pipe, &byte, sizeof byte);
    (void)close(confinit::reaper_ready_pipe);
}

// wait(2)'s status word, which waitid(2) gives in parts.
int wait_status(const siginfo_t& information) {
    switch (information.si_code) {
    case CLD_EXITED:
        return (information.si_status & 0xff) << 8;
    case CLD_DUMPED:
        return information.si_status | 0x80;
    default:
        return information.si_status;
    }
}

// The main process is reaped by now, so that any child is another one, or an orphan.
bool has_children() {
    siginfo_t information{};
    return syscall(SYS_waitid, P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT, nullptr) == 0;
}

[[noreturn]] void finish(const siginfo_t& information) {
    LaunchReport report{.kind = LaunchReport::Kind::main_exited};
    if (has_children()) report.item = confinit::left_others;
    report.status = wait_status(information);
    send_report(report);
    const bool has_exited = information.si_code == CLD_EXITED;
    _exit(has_exited ? information.si_status : 128 + information.si_status);
}

bool find_ended(idtype_t kind, unsigned id, int options, siginfo_t& information) {
    information.si_pid = 0;
    return syscall(SYS_waitid, kind, id, &information, WEXITED | WNOHANG | options, nullptr) == 0 &&
           information.si_pid != 0;
}

// Looks before it reaps, so that the main process cannot pass as an orphan.
void reap() {
    siginfo_t information{};
    while (find_ended(P_ALL, 0, WNOWAIT, information)) {
        const auto ended = static_cast<unsigned>(information.si_pid);
        if (find_ended(P_PIDFD, confinit::reaper_main_process, 0, information)) finish(information);
        (void)find_ended(P_PID, ended, 0, information);
    }
}

// A sender outside of the namespace has no pid in it.
bool is_from_outside(const siginfo_t& information) {
    return information.si_pid == 0 || information.si_code == SI_KERNEL;
}

}  // namespace

int main() {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) give_up(SYS_prctl);
    (void)prctl(PR_SET_NAME, "confinit-reaper", 0, 0, 0);
    lock_itself();
    tell_ready();

    // All signals are blocked since the launch began, so that they wait here; but a SIGCHLD from
    // before its disposition was reset is gone: POSIX has an ignored signal discarded then.
    reap();
    const std::uint64_t all = ~0ULL;
    for (;;) {
        siginfo_t information{};
        const long number = syscall(SYS_rt_sigtimedwait, &all, &information, nullptr, sizeof all);
        if (number == SIGCHLD) {
            reap();
        } else if (number > 0 && is_from_outside(information)) {
            // The main process may have ended meanwhile; SIGCHLD is on its way then.
            (void)syscall(SYS_pidfd_send_signal, confinit::reaper_main_process, number, nullptr, 0);
        }
    }
}
