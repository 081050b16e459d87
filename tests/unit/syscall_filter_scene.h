// SPDX-License-Identifier: Apache-2.0
// What the tests of the filter compiler share: random policies, and a child under a program.
#pragma once

#include "kernel/syscall_filter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <linux/seccomp.h>
#include <random>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {

inline constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;
inline constexpr int tested_numbers = 1024;

// What the kernel demands of jumps and of the last instruction (bpf_check_classic).
inline bool is_well_formed(const BpfProgram& program) {
    if (program.empty() || program.size() > BPF_MAXINSNS) return false;
    for (std::size_t place = 0; place < program.size(); ++place) {
        const auto& instruction = program[place];
        if (BPF_CLASS(instruction.code) != BPF_JMP) continue;
        const bool is_long = BPF_OP(instruction.code) == BPF_JA;
        const std::size_t furthest =
            is_long ? instruction.k : std::max(instruction.jt, instruction.jf);
        if (place + furthest + 1 >= program.size()) return false;
    }
    return BPF_CLASS(program.back().code) == BPF_RET;
}

inline std::uint32_t below(std::mt19937& random, std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
}

inline SyscallPolicy random_policy(std::mt19937& random, std::uint32_t likelihood,
                                   std::uint32_t action_count) {
    SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
    for (int number = 0; number < tested_numbers; ++number) {
        if (below(random, 100) >= likelihood) continue;
        const std::uint32_t choice = below(random, action_count);
        const std::uint32_t action = choice == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | choice;
        policy.decisions.push_back({number, action});
    }
    return policy;
}

inline bool load(const BpfProgram& program) {
    const sock_fprog kernel_program{
        .len = static_cast<unsigned short>(program.size()),
        .filter = const_cast<sock_filter*>(program.data()),
    };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &kernel_program) == 0;
}

// Runs `act` in a child under the filter; its result is the exit status.
template <class Act>
int status_under(const BpfProgram& program, Act act) {
    const pid_t child = fork();
    if (child == 0) {
        if (!load(program)) _exit(99);
        // A sanitizer's runtime hangs on to _exit(2) and would make calls that are denied.
        syscall(SYS_exit_group, act());
        __builtin_trap();
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace confinit
