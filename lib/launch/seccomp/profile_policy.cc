// SPDX-License-Identifier: Apache-2.0
// Resolves a container's seccomp profile to one decision for each system call, as libseccomp would.
#include "launch/seccomp/profile_policy.h"

#include "kernel/syscall_sets.h"
#include "kernel/x86_calls.h"
#include "launch/seccomp/argument_width.h"
#include "launch/seccomp/policy.h"
#include "launch/seccomp/rules.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <sys/utsname.h>
#include <tuple>
#include <utility>
#include <vector>

namespace confinit {
namespace {

// This machine in the words of Go, which the conditions of profiles use.
#if defined(__x86_64__)
constexpr std::string_view own_architecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view own_architecture = "arm64";
#endif

constexpr std::uint64_t low_bits = 0xffffffff;

using Arguments = std::vector<SeccompArgument>;

bool names_own_architecture(const ProfileCondition& condition) {
    return std::ranges::find(condition.architectures, own_architecture) !=
           condition.architectures.end();
}

bool is_included(const ProfileCondition& includes, const ProfileContext& context) {
    if (includes.has_unknown_capability) return false;
    if ((includes.capabilities & ~context.bounding) != 0) return false;
    if (!includes.architectures.empty() && !names_own_architecture(includes)) return false;
    return !includes.least_kernel || context.kernel >= *includes.least_kernel;
}

bool is_excluded(const ProfileCondition& excludes, const ProfileContext& context) {
    if ((excludes.capabilities & context.bounding) != 0) return true;
    if (names_own_architecture(excludes)) return true;
    return excludes.least_kernel && context.kernel >= *excludes.least_kernel;
}

bool applies(const ProfileRule& rule, const ProfileContext& context) {
    return is_included(rule.includes, context) && !is_excluded(rule.excludes, context);
}

bool is_always_true(const SeccompArgument& argument) {
    return argument.op == SeccompComparison::masked_eq && argument.mask == 0;
}

bool has_argument_twice(const Arguments& arguments) {
    unsigned seen = 0;
    for (const SeccompArgument& argument : arguments) {
        const unsigned bit = 1U << argument.index;
        if ((seen & bit) != 0) return true;
        seen |= bit;
    }
    return false;
}

// The argument lists of which one has to hold as a whole; an empty one always does.
std::vector<Arguments> alternatives(const ProfileRule& rule, ProfileOrder order) {
    std::vector<Arguments> lists;
    if (order == ProfileOrder::libseccomp && has_argument_twice(rule.args)) {
        for (const SeccompArgument& argument : rule.args)
            lists.push_back({argument});
    } else {
        lists.push_back(rule.args);
    }
    for (Arguments& list : lists) {
        std::erase_if(list, is_always_true);
        std::ranges::sort(list, {}, [](const SeccompArgument& argument) {
            return std::tuple{argument.index, argument.op, argument.value, argument.mask};
        });
    }
    return lists;
}

// A rule of one call, not yet in the order in which it is looked at.
struct CallRule {
    Arguments arguments;
    std::uint32_t action = 0;
    std::size_t position = 0;  // in the file
};

int class_of(SeccompComparison op) {
    switch (op) {
    case SeccompComparison::eq:
    case SeccompComparison::ne:
    case SeccompComparison::masked_eq:
        return 3;
    case SeccompComparison::lt:
    case SeccompComparison::le:
        return 2;
    case SeccompComparison::gt:
    case SeccompComparison::ge:
        return 1;
    }
    return 0;
}

// libseccomp looks at the high half of an argument first, where it has to look at it at all.
unsigned rank_of(const SeccompArgument& argument) {
    return argument.index * 2 + (argument.mask > low_bits ? 1U : 0U);
}

bool is_before(const SeccompArgument& one, const SeccompArgument& other) {
    if (rank_of(one) != rank_of(other)) return rank_of(one) > rank_of(other);
    const int one_class = class_of(one.op);
    const int other_class = class_of(other.op);
    if (one_class != other_class) return one_class > other_class;
    return one_class == class_of(SeccompComparison::lt) ? one.value < other.value
                                                        : one.value > other.value;
}

// Rules that libseccomp does not tell apart keep the order of the file.
bool is_looked_at_before(const CallRule& one, const CallRule& other) {
    if (std::ranges::lexicographical_compare(one.arguments, other.arguments, is_before))
        return true;
    if (std::ranges::lexicographical_compare(other.arguments, one.arguments, is_before))
        return false;
    return one.position < other.position;
}

// A number of 32 bits may be written as C extends it: -100 as 0xffffffffffffff9c.
SeccompArgument as_kernel_sees(SyscallAbi abi, std::string_view call, SeccompArgument argument) {
    const unsigned bits = argument.bits.value_or(argument_bits(abi, call, argument.index));
    const std::uint64_t sign_bits = ~(mask_of_bits(bits) >> 1);
    if (bits < 64 && (argument.value & sign_bits) == sign_bits) {
        argument.value &= mask_of_bits(bits);
    }
    return argument;
}

ArgumentRule resolve(SyscallAbi abi, std::string_view call, const CallRule& rule) {
    ArgumentRule resolved{.conditions = {}, .action = rule.action};
    for (const SeccompArgument& argument : rule.arguments) {
        resolved.conditions.push_back(
            make_condition(abi, call, as_kernel_sees(abi, call, argument)));
    }
    return resolved;
}

// Whether a filter does not find an argument where the rule says it is.
bool is_out_of_sight(SyscallAbi abi, std::string_view call, const CallRule& rule) {
    const auto first_moved =
        abi == SyscallAbi::x86 ? first_moved_argument(call) : std::optional<unsigned>();
    return first_moved && std::ranges::any_of(rule.arguments, [&](const SeccompArgument& argument) {
               return argument.index >= *first_moved;
           });
}

// The rules of one call in the order of the file, up to the first without arguments.
void settle(SyscallAbi abi, std::string_view call, std::vector<CallRule> rules, ProfileOrder order,
            SyscallDecision& decision) {
    const auto without =
        std::ranges::find_if(rules, [](const CallRule& rule) { return rule.arguments.empty(); });
    if (without != rules.end()) {
        decision.action = without->action;
        const bool decides_alone = order == ProfileOrder::libseccomp;
        rules.erase(decides_alone ? rules.begin() : without, rules.end());
    }
    if (order == ProfileOrder::libseccomp) {
        for (std::size_t i = 0; i < rules.size(); ++i)
            rules[i].position = i;
        std::ranges::sort(rules, is_looked_at_before);
    }
    const auto hides = [&](const CallRule& rule) {
        return is_out_of_sight(abi, call, rule);
    };
    if (std::ranges::any_of(rules, hides)) {
        decision.action = no_such_call;
        return;
    }
    for (const CallRule& rule : rules)
        decision.rules.push_back(resolve(abi, call, rule));
}

}  // namespace

KernelVersion running_kernel() {
    utsname names{};
    if (uname(&names) != 0) return {};
    return parse_kernel_version(names.release).value_or(KernelVersion{});
}

CallTable make_profile_table(const SeccompProfile& profile, const ProfileContext& context,
                             SyscallAbi abi) {
    const std::uint32_t otherwise = return_value(profile.default_action);
    std::map<std::string_view, std::vector<CallRule>> by_call;
    int newest = -1;
    for (const ProfileRule& rule : profile.rules) {
        if (!applies(rule, context)) continue;
        const std::uint32_t action = return_value(rule.action);
        const bool says_nothing = profile.order == ProfileOrder::libseccomp && action == otherwise;
        const auto lists = alternatives(rule, profile.order);
        for (const std::string_view call : rule.calls) {
            const auto number = syscall_number(call, abi);
            if (!number) continue;
            newest = std::max(newest, *number);
            if (says_nothing) continue;
            for (const Arguments& list : lists)
                by_call[call].push_back({list, action});
        }
    }

    CallTable calls = same_for_all(otherwise, abi);
    const bool passes_unknown =
        lets_through(otherwise) || profile.default_action.kind == SeccompActionKind::trace;
    if (!passes_unknown) {
        for (SyscallDecision& decision : calls.decisions) {
            if (decision.number > newest) decision.action = no_such_call;
        }
    }
    for (auto& [call, rules] : by_call) {
        if (auto* decision = calls.find(call)) {
            settle(abi, call, std::move(rules), profile.order, *decision);
        }
    }
    return calls;
}

SyscallPolicy make_profile_policy(const SeccompProfile& profile, const ProfileContext& context) {
    CallTable calls = make_profile_table(profile, context, SyscallAbi::native);
    return {.decisions = std::move(calls.decisions), .unknown_action = no_such_call};
}

}  // namespace confinit
