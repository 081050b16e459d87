// SPDX-License-Identifier: Apache-2.0
// Resolves seccomp.rules to conditions on the halves of arguments that the kernel looks at.
#include "launch/seccomp/rules.h"

#include "kernel/syscall_sets.h"
#include "kernel/x86_calls.h"
#include "launch/seccomp/argument_width.h"
#include "launch/seccomp/policy.h"

#include <algorithm>
#include <cerrno>
#include <linux/seccomp.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

namespace {

unsigned bits_of(SyscallAbi abi, std::string_view call, const SeccompArgument& argument) {
    // A unit's words on an argument are said of the machine's own calls.
    if (abi == SyscallAbi::native && argument.bits) return *argument.bits;
    return argument_bits(abi, call, argument.index);
}

ArgumentComparison comparison(SeccompComparison op) {
    switch (op) {
    case SeccompComparison::eq:
    case SeccompComparison::masked_eq:
        return ArgumentComparison::equal;
    case SeccompComparison::ne:
        return ArgumentComparison::not_equal;
    case SeccompComparison::lt:
        return ArgumentComparison::less;
    case SeccompComparison::le:
        return ArgumentComparison::less_or_equal;
    case SeccompComparison::gt:
        return ArgumentComparison::greater;
    case SeccompComparison::ge:
        return ArgumentComparison::greater_or_equal;
    }
    return ArgumentComparison::equal;
}

ArgumentRule resolve(SyscallAbi abi, std::string_view call, const SeccompRule& rule) {
    ArgumentRule resolved{.conditions = {}, .action = return_value(rule.action)};
    for (const auto& argument : rule.args) {
        resolved.conditions.push_back(make_condition(abi, call, argument));
    }
    return resolved;
}

// Whether a filter does not find an argument of the rule where the rule says it is.
bool is_out_of_sight(SyscallAbi abi, std::string_view call, const SeccompRule& rule) {
    const auto first_moved =
        abi == SyscallAbi::x86 ? first_moved_argument(call) : std::optional<unsigned>();
    return first_moved && std::ranges::any_of(rule.args, [&](const SeccompArgument& argument) {
               return argument.index >= *first_moved;
           });
}

std::vector<std::string_view> calls_of(const SeccompRule& rule, SyscallAbi abi) {
    std::vector<std::string_view> calls;
    for (const std::string& word : rule.syscalls) {
        const auto members = syscalls_in_set(word, abi);
        if (members) calls.insert(calls.end(), members->begin(), members->end());
        if (!members) calls.push_back(word);
    }
    if (abi == SyscallAbi::x86) {
        for (std::size_t index = 0, count = calls.size(); index < count; ++index) {
            const auto variants = x86_variants(calls[index]);
            calls.insert(calls.end(), variants.begin(), variants.end());
        }
    }
    std::ranges::sort(calls);
    calls.erase(std::ranges::unique(calls).begin(), calls.end());
    return calls;
}

Status check_argument(std::span<const std::string_view> calls, const SeccompArgument& argument) {
    if (argument.index >= syscall_argument_count) {
        return failure("no call has an argument " + std::to_string(argument.index));
    }
    if ((argument.value & ~argument.mask) != 0) {
        return failure("the value has bits that are not in the mask");
    }
    for (const std::string_view call : calls) {
        const unsigned bits = bits_of(SyscallAbi::native, call, argument);
        if ((argument.value & ~mask_of_bits(bits)) == 0) continue;
        return failure("the kernel takes argument " + std::to_string(argument.index) + " of '" +
                       std::string{call} + "' as a " + std::to_string(bits) +
                       "-bit number, and the value is larger");
    }
    return {};
}

Status check_rule(const SeccompRule& rule) {
    for (const std::string& word : rule.syscalls) {
        TRY(check_word(word));
    }
    TRY(check_action(rule.action));
    const auto calls = calls_of(rule, SyscallAbi::native);
    for (std::size_t index = 0; index < rule.args.size(); ++index) {
        auto checked = check_argument(calls, rule.args[index]);
        if (checked) continue;
        return std::unexpected(
            std::move(checked).error().in("args[" + std::to_string(index) + "]"));
    }
    return {};
}

// The rule for one call, before those that come after it.
void put_first(const SeccompRule& rule, std::string_view call, CallTable& calls) {
    auto* decision = calls.find(call);
    if (decision == nullptr) return;
    auto resolved = resolve(calls.abi, call, rule);
    if (is_out_of_sight(calls.abi, call, rule)) {
        // Nobody can tell whether the call is one that is denied, and it has a younger sister.
        if (lets_through(resolved.action)) return;
        resolved = {.conditions = {}, .action = SECCOMP_RET_ERRNO | ENOSYS};
    }
    if (!resolved.conditions.empty()) {
        decision->rules.insert(decision->rules.begin(), std::move(resolved));
        return;
    }
    decision->rules.clear();
    decision->action = resolved.action;
}

}  // namespace

ArgumentCondition make_condition(SyscallAbi abi, std::string_view call,
                                 const SeccompArgument& argument) {
    return {
        .index = argument.index,
        .comparison = comparison(argument.op),
        .value = argument.value,
        .mask = argument.mask & mask_of_bits(bits_of(abi, call, argument)),
    };
}

Status check_rules(const SeccompConfig& config) {
    for (std::size_t index = 0; index < config.rules.size(); ++index) {
        auto checked = check_rule(config.rules[index]);
        if (checked) continue;
        return std::unexpected(
            std::move(checked).error().in("seccomp.rules[" + std::to_string(index) + "]"));
    }
    return {};
}

void add_rules(const SeccompConfig& config, CallTable& calls) {
    // From the last to the first: a rule without conditions replaces what comes after it.
    for (auto rule = config.rules.rbegin(); rule != config.rules.rend(); ++rule) {
        for (const auto call : calls_of(*rule, calls.abi))
            put_first(*rule, call, calls);
    }
}

}  // namespace confinit
