// SPDX-License-Identifier: Apache-2.0
// SyscallFilter: compiles a unit's [seccomp] table to one classic BPF program for seccomp(2).
#pragma once

#include <array>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <span>
#include <vector>

namespace confinit {

// The architecture that the kernel shows to a filter for calls of this program's own kind.
#if defined(__x86_64__)
inline constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#else
#error "the AUDIT_ARCH_ of this architecture is not known here"
#endif

enum class ArgumentComparison { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

// A comparison of unsigned numbers: (argument & mask) with `value`. A mask without the high half
// looks at what the kernel sees of an argument that it takes as a 32-bit number.
struct ArgumentCondition {
    unsigned index = 0;  // from 0, below syscall_argument_count
    ArgumentComparison comparison = ArgumentComparison::equal;
    std::uint64_t value = 0;
    std::uint64_t mask = ~std::uint64_t{0};

    bool operator==(const ArgumentCondition&) const = default;
};

// Answers `action` where all conditions hold.
struct ArgumentRule {
    std::vector<ArgumentCondition> conditions;
    std::uint32_t action = 0;

    bool operator==(const ArgumentRule&) const = default;
};

inline constexpr unsigned syscall_argument_count = 6;
using SyscallArguments = std::array<std::uint64_t, syscall_argument_count>;

// The decision for one system call number of the native architecture: the value of a
// SECCOMP_RET_* action with its data, as seccomp(2) defines it. The first rule that holds wins over
// `action`.
struct SyscallDecision {
    int number = 0;
    std::uint32_t action = 0;
    std::vector<ArgumentRule> rules = {};

    bool operator==(const SyscallDecision&) const = default;
};

// The decisions for the calls of another architecture, by its own numbers.
struct ForeignDecisions {
    std::uint32_t architecture = 0;  // AUDIT_ARCH_*
    std::vector<SyscallDecision> decisions;
};

struct SyscallPolicy {
    // Every system call that the kernel's tables know and we know, in the order of numbers, each
    // with its decision. All other numbers answer `unknown_action`.
    std::vector<SyscallDecision> decisions;
    std::uint32_t unknown_action = 0;
    // The calls of architectures that are not among these kill.
    std::vector<ForeignDecisions> foreign = {};
};

using BpfProgram = std::vector<sock_filter>;

// A binary search over ranges of numbers with equal decisions: far fewer instructions than one
// comparison a call, one such search an architecture. Another architecture than the native one and
// those of `foreign` is SECCOMP_RET_KILL_PROCESS; x32 numbers (bit 30) are among the unknown ones.
// Decisions out of order yield a program that kills on every call.
BpfProgram compile_filter(const SyscallPolicy& policy);

// Runs a program on one call as the kernel would and returns the SECCOMP_RET_* value, for tests.
// A program that is no valid filter yields KILL_PROCESS.
std::uint32_t run_filter(std::span<const sock_filter> program, std::uint32_t architecture,
                         std::uint32_t number, const SyscallArguments& arguments = {});

}  // namespace confinit
