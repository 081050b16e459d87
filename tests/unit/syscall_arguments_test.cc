// SPDX-License-Identifier: Apache-2.0
// Rules on arguments: a program compares them exactly as its policy, in our reading and the
// kernel's.
#include "syscall_filter_scene.h"

using namespace confinit;

namespace {

// The words of the argument `value` in the middle of a call's six.
SyscallArguments with_argument(unsigned index, std::uint64_t value) {
    SyscallArguments arguments;
    arguments.fill(0x5a5a5a5a5a5a5a5a);
    arguments.at(index) = value;
    return arguments;
}

bool holds(const ArgumentCondition& condition, const SyscallArguments& arguments) {
    const std::uint64_t seen = arguments.at(condition.index) & condition.mask;
    switch (condition.comparison) {
    case ArgumentComparison::equal:
        return seen == condition.value;
    case ArgumentComparison::not_equal:
        return seen != condition.value;
    case ArgumentComparison::less:
        return seen < condition.value;
    case ArgumentComparison::less_or_equal:
        return seen <= condition.value;
    case ArgumentComparison::greater:
        return seen > condition.value;
    case ArgumentComparison::greater_or_equal:
        return seen >= condition.value;
    }
    return false;
}

std::uint32_t decision_of(const SyscallDecision& decision, const SyscallArguments& arguments) {
    for (const ArgumentRule& rule : decision.rules) {
        const auto is_met = [&](const auto& each) {
            return holds(each, arguments);
        };
        if (std::ranges::all_of(rule.conditions, is_met)) return rule.action;
    }
    return decision.action;
}

// Numbers around the edges of both halves.
constexpr std::uint64_t edges[] = {0,
                                   1,
                                   0x5412,
                                   0x7fffffff,
                                   0x80000000,
                                   0xffffffff,
                                   0x100000000,
                                   0x100005412,
                                   0x180000000,
                                   0x1ffffffff,
                                   0x7fffffffffffffff,
                                   0x8000000000000000,
                                   0xffffffff00000000,
                                   0xffffffffffffffff};

constexpr ArgumentComparison comparisons[] = {
    ArgumentComparison::equal,   ArgumentComparison::not_equal,
    ArgumentComparison::less,    ArgumentComparison::less_or_equal,
    ArgumentComparison::greater, ArgumentComparison::greater_or_equal};

}  // namespace

TEST_CASE("a comparison looks at all 64 bits of the argument it names", "[filter][S3]") {
    for (const auto comparison : comparisons) {
        for (const std::uint64_t mask :
             {~std::uint64_t{0}, std::uint64_t{0xffffffff}, std::uint64_t{0xff00ff00ff00ff00}}) {
            for (const std::uint64_t wanted : edges) {
                SyscallPolicy policy{.decisions = {}, .unknown_action = unknown};
                const ArgumentCondition condition{3, comparison, wanted & mask, mask};
                policy.decisions.push_back(
                    {16, SECCOMP_RET_ALLOW, {{{condition}, SECCOMP_RET_TRAP}}});
                const auto program = compile_filter(policy);
                REQUIRE(is_well_formed(program));
                for (const std::uint64_t given : edges) {
                    const auto arguments = with_argument(3, given);
                    CAPTURE(static_cast<int>(comparison), mask, wanted, given);
                    CHECK(run_filter(program, native_architecture, 16, arguments) ==
                          decision_of(policy.decisions.front(), arguments));
                }
            }
        }
    }
}

TEST_CASE("the first rule whose conditions all hold decides", "[filter][S3]") {
    std::mt19937 random(2);
    for (int round = 0; round < 40; ++round) {
        SyscallPolicy policy = random_policy(random, 60, 3);
        for (auto& decision : policy.decisions) {
            if (below(random, 4) != 0) continue;
            for (std::uint32_t count = below(random, 4); count > 0; --count) {
                ArgumentRule rule{.conditions = {}, .action = SECCOMP_RET_ERRNO | (100 + count)};
                for (std::uint32_t size = 1 + below(random, 3); size > 0; --size) {
                    rule.conditions.push_back({below(random, 6), comparisons[below(random, 6)],
                                               edges[below(random, std::size(edges))]});
                }
                decision.rules.push_back(std::move(rule));
            }
        }
        const auto program = compile_filter(policy);
        // Too many rules for the kernel would be refused at the launch.
        if (program.size() <= BPF_MAXINSNS) CHECK(is_well_formed(program));

        int wrong = 0;
        for (const auto& decision : policy.decisions) {
            for (int call = 0; call < 20; ++call) {
                SyscallArguments arguments;
                for (auto& argument : arguments)
                    argument = edges[below(random, std::size(edges))];
                const auto number = static_cast<std::uint32_t>(decision.number);
                if (run_filter(program, native_architecture, number, arguments) !=
                    decision_of(decision, arguments)) {
                    ++wrong;
                }
            }
        }
        CHECK(wrong == 0);
        CHECK(run_filter(program, native_architecture, tested_numbers, {}) == unknown);
    }
}

TEST_CASE("the kernel compares arguments as the policy does", "[filter][kernel][S3]") {
    SyscallPolicy policy{.decisions = {}, .unknown_action = SECCOMP_RET_ALLOW};
    SyscallDecision decision{SYS_getppid, SECCOMP_RET_ERRNO | 100};
    std::uint32_t error = 101;
    for (const auto comparison : comparisons) {
        for (const std::uint64_t value : {edges[2], edges[7], edges[9]}) {
            decision.rules.push_back(
                {{{0, ArgumentComparison::equal, error}, {5, comparison, value}},
                 SECCOMP_RET_ERRNO | error});
            ++error;
        }
    }
    policy.decisions.push_back(decision);

    const int status = status_under(compile_filter(policy), [&] {
        for (std::uint32_t chosen = 101; chosen < error; ++chosen) {
            for (const std::uint64_t given : edges) {
                const SyscallArguments arguments{chosen, 0, 0, 0, 0, given};
                const std::uint32_t expected = decision_of(decision, arguments) & SECCOMP_RET_DATA;
                const long result = syscall(SYS_getppid, chosen, 0, 0, 0, 0, given);
                if (result != -1 || static_cast<std::uint32_t>(errno) != expected) return 1;
            }
        }
        return 0;
    });

    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
