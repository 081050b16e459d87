// SPDX-License-Identifier: Apache-2.0
// The filter compiler: a program decides exactly as its policy, in our reading and the kernel's.
#include "syscall_filter_scene.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <map>
#include <random>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace confinit;

namespace {

constexpr std::uint32_t x32_bit = 0x40000000;

std::uint32_t decision_of(const SyscallPolicy& policy, std::uint32_t number) {
    const auto found =
        std::ranges::find(policy.decisions, static_cast<int>(number), &SyscallDecision::number);
    return found == policy.decisions.end() ? policy.unknown_action : found->action;
}

// How many of all interesting numbers the program decides otherwise than the policy.
int count_wrong_decisions(const SyscallPolicy& policy, const BpfProgram& program) {
    std::map<std::uint32_t, std::uint32_t> expected;
    for (std::uint32_t number = 0; number < tested_numbers; ++number) {
        expected[number] = policy.unknown_action;
        expected[x32_bit | number] = policy.unknown_action;
    }
    for (const std::uint32_t number : {0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU}) {
        expected[number] = policy.unknown_action;
    }
    for (const auto& decision : policy.decisions) {
        expected[static_cast<std::uint32_t>(decision.number)] = decision.action;
    }
    return static_cast<int>(std::ranges::count_if(expected, [&](const auto& entry) {
        return run_filter(program, native_architecture, entry.first) != entry.second;
    }));
}

// Every number answers an errno of its own, save exit_group(2), so that nothing takes effect.
SyscallPolicy numbered_policy() {
    SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
    for (int number = 0; number < tested_numbers; ++number) {
        const auto own_errno = static_cast<std::uint32_t>(number) + 1000;
        policy.decisions.push_back({number, SECCOMP_RET_ERRNO | own_errno});
    }
    policy.decisions[SYS_exit_group].action = SECCOMP_RET_ALLOW;
    return policy;
}

// uretprobe(2) and uprobe(2) of x86-64: the kernel's own trampolines call them, and seccomp lets
// them pass.
bool passes_by_filter(std::uint32_t number) {
    return native_architecture == AUDIT_ARCH_X86_64 && (number == 335 || number == 336);
}

}  // namespace

TEST_CASE("a program decides every number exactly as its policy", "[filter][S1][S2]") {
    std::mt19937 random(1);
    for (int round = 0; round < 60; ++round) {
        const std::uint32_t likelihood = below(random, 101);
        const auto policy = random_policy(random, likelihood, 1 + below(random, 5));

        const auto program = compile_filter(policy);

        CAPTURE(round, likelihood, program.size());
        CHECK(is_well_formed(program));
        CHECK(count_wrong_decisions(policy, program) == 0);
    }
}

TEST_CASE("a policy of a thousand different answers stays within reach of its jumps", "[filter]") {
    const auto policy = numbered_policy();

    const auto program = compile_filter(policy);

    CHECK(policy.decisions.size() == tested_numbers);
    CHECK(is_well_formed(program));
    CHECK(count_wrong_decisions(policy, program) == 0);
}

TEST_CASE("alternating decisions need long jumps and still decide right", "[filter]") {
    SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
    for (int number = 0; number < tested_numbers; ++number) {
        const bool is_even = number % 2 == 0;
        policy.decisions.push_back(
            {number, is_even ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS});
    }

    const auto program = compile_filter(policy);

    CHECK(std::ranges::any_of(
        program, [](const sock_filter& each) { return each.code == (BPF_JMP | BPF_JA); }));
    CHECK(is_well_formed(program));
    CHECK(count_wrong_decisions(policy, program) == 0);
}

TEST_CASE("a policy without decisions answers the unknown action to all", "[filter]") {
    const SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};

    const auto program = compile_filter(policy);

    CHECK(program.size() == 5);
    CHECK(is_well_formed(program));
    CHECK(count_wrong_decisions(policy, program) == 0);
}

TEST_CASE("equal neighbours cost no instruction", "[filter]") {
    SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
    for (int number = 0; number < 300; ++number) {
        policy.decisions.push_back({number, SECCOMP_RET_ALLOW});
    }

    CHECK(compile_filter(policy).size() == 7);
}

TEST_CASE("one number that is answered otherwise costs one comparison", "[filter]") {
    SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
    for (int number = 0; number < 300; ++number) {
        const bool is_denied = number == 90;
        policy.decisions.push_back({number, is_denied ? unknown : SECCOMP_RET_ALLOW});
    }

    const auto program = compile_filter(policy);

    CHECK(program.size() == 8);
    CHECK(count_wrong_decisions(policy, program) == 0);
}

TEST_CASE("the call of another architecture kills the process", "[filter][S2][X16]") {
    const SyscallPolicy policy{.decisions = {{1, SECCOMP_RET_ALLOW}},
                               .unknown_action = SECCOMP_RET_ALLOW};
    const auto program = compile_filter(policy);

    for (const std::uint32_t foreign :
         {std::uint32_t{AUDIT_ARCH_I386}, std::uint32_t{AUDIT_ARCH_ARM},
          std::uint32_t{AUDIT_ARCH_S390X}, 0U}) {
        CHECK(run_filter(program, foreign, 1) == SECCOMP_RET_KILL_PROCESS);
    }
    CHECK(run_filter(program, native_architecture, 1) == SECCOMP_RET_ALLOW);
}

TEST_CASE("an x32 number is none of the known ones", "[filter][S2][X16]") {
    const SyscallPolicy policy{.decisions = {{59, SECCOMP_RET_ALLOW}}, .unknown_action = unknown};
    const auto program = compile_filter(policy);

    CHECK(run_filter(program, native_architecture, 59) == SECCOMP_RET_ALLOW);
    CHECK(run_filter(program, native_architecture, x32_bit | 59) == unknown);
}

TEST_CASE("decisions out of order kill on every call", "[filter]") {
    const std::vector<SyscallDecision> lists[] = {
        {{2, SECCOMP_RET_ALLOW}, {1, SECCOMP_RET_ALLOW}},
        {{1, SECCOMP_RET_ALLOW}, {1, SECCOMP_RET_TRAP}},
        {{-1, SECCOMP_RET_ALLOW}},
    };
    for (const auto& decisions : lists) {
        const auto program =
            compile_filter({.decisions = decisions, .unknown_action = SECCOMP_RET_ALLOW});

        for (const std::uint32_t number : {0U, 1U, 2U, 0xffffffffU}) {
            CHECK(run_filter(program, native_architecture, number) == SECCOMP_RET_KILL_PROCESS);
        }
    }
}

TEST_CASE("what is no valid program kills", "[filter]") {
    const sock_filter load_beyond = {BPF_LD | BPF_W | BPF_ABS, 0, 0, sizeof(seccomp_data)};
    const sock_filter load_unaligned = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 2};
    const sock_filter jump_beyond = {BPF_JMP | BPF_JA, 0, 0, 0xffffffff};
    const sock_filter division = {BPF_ALU | BPF_DIV | BPF_K, 0, 0, 0};
    const sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};

    CHECK(run_filter({}, native_architecture, 0) == SECCOMP_RET_KILL_PROCESS);
    for (const auto& first : {load_beyond, load_unaligned, jump_beyond, division}) {
        CHECK(run_filter(BpfProgram{first, allow}, native_architecture, 0) ==
              SECCOMP_RET_KILL_PROCESS);
    }
}

TEST_CASE("the kernel decides every number as the policy does", "[filter][kernel]") {
    const auto policy = numbered_policy();

    const int status = status_under(compile_filter(policy), [&policy] {
        for (std::uint32_t number = 0; number < tested_numbers; ++number) {
            if (passes_by_filter(number) || number == SYS_exit_group) continue;
            for (const std::uint32_t called : {number, x32_bit | number}) {
                const std::uint32_t expected = decision_of(policy, called) & SECCOMP_RET_DATA;
                const long result = syscall(static_cast<long>(called), 0, 0, 0, 0, 0, 0);
                if (result != -1 || static_cast<std::uint32_t>(errno) != expected) return 1;
            }
        }
        return 0;
    });

    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the kernel kills at a call that the policy kills for", "[filter][kernel]") {
    SyscallPolicy policy{.decisions = {}, .unknown_action = SECCOMP_RET_ALLOW};
    policy.decisions.push_back({SYS_getppid, SECCOMP_RET_KILL_PROCESS});

    const int status = status_under(compile_filter(policy), [] {
        syscall(SYS_getppid);
        return 0;
    });

    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGSYS);
}
