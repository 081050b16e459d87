// SPDX-License-Identifier: Apache-2.0
// Clone: the ways to make a process in a cgroup node, and which of them this machine allows.
#include "kernel/clone.h"

#include "base/name_table.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr auto method_names = make_name_table<CloneMethod>({
    {CloneMethod::clone3_into_node, "clone3 into the node"},
    {CloneMethod::clone3_then_move, "clone3, then cgroup.procs"},
    {CloneMethod::clone_then_move, "clone, then cgroup.procs"},
});

constexpr const char* probe_node = "clone-probe";

// Whether a process that is made so comes to its own end.
bool lives(CloneMethod method, int node) {
    const auto process = clone_process(method, 0, node);
    if (!process) return false;
    if (process->pid() == 0) {
        (void)syscall(SYS_exit_group, 0);
        __builtin_trap();
    }
    const auto end = process->wait();
    return end && end->si_code == CLD_EXITED;
}

}  // namespace

std::string_view name(CloneMethod method) {
    return method_names.name(method);
}

// No memory is shared with the child. CLONE_VM, as vfork(2) has it, would spare the copying of page
// tables, but then PID 1 could die with its child: the memory controller kills whoever shares the
// memory of what it has chosen, the global init alone excepted, and older kernels do the same for a
// core dump, which a filter's kill causes; and the child's changes of ids would take effect on the
// one memory that both have.
Result<Process> clone_process(CloneMethod method, std::uint64_t namespaces, int node) {
    long pid = -1;
    int pidfd = -1;
    if (method == CloneMethod::clone_then_move) {
        // CLONE_PIDFD comes where a thread id would, in the third argument on every architecture.
        // Actions of signals need no flag: execve(2) and the child's own steps reset them.
        const unsigned long flags = namespaces | CLONE_PIDFD | SIGCHLD;
        pid = syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
    } else {
        clone_args arguments{};
        arguments.flags = namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
        arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
        arguments.exit_signal = SIGCHLD;
        if (method == CloneMethod::clone3_into_node && node >= 0) {
            arguments.flags |= CLONE_INTO_CGROUP;
            arguments.cgroup = static_cast<__u64>(node);
        }
        pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    }
    if (pid < 0) return errno_failure(clone_call(method));
    // The copy has the pidfd's number of before the call, and no such descriptor.
    if (pid == 0) return Process{};
    return Process{static_cast<pid_t>(pid), Fd{pidfd}};
}

std::string_view clone_call(CloneMethod method) {
    return method == CloneMethod::clone_then_move ? "clone" : "clone3";
}

CloneMethod probe_clone_method(const Cgroup* root) {
    int node = -1;
    Result<Cgroup> fresh = failure("no cgroup tree");
    if (root != nullptr) {
        (void)root->remove_child(probe_node);
        fresh = root->make_child(probe_node);
        if (fresh) node = fresh->directory().get();
    }
    CloneMethod method = CloneMethod::clone_then_move;
    for (const auto candidate : {CloneMethod::clone3_into_node, CloneMethod::clone3_then_move}) {
        if (!lives(candidate, node)) continue;
        method = candidate;
        break;
    }
    if (root != nullptr) (void)root->remove_child(probe_node);
    return method;
}

}  // namespace confinit
