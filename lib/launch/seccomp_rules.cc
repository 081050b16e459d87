// SPDX-License-Identifier: Apache-2.0
// Resolves seccomp.rules to conditions on the halves of arguments that the kernel looks at.
#include "launch/seccomp_rules.h"

#include "kernel/syscall_sets.h"
#include "launch/seccomp_policy.h"

#include <algorithm>
#include <cerrno>
#include <linux/seccomp.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

namespace {

constexpr std::uint64_t low_bits = 0xffffffff;

// Arguments that the kernel cuts to 32 bits or less before it looks at them, by the prototypes of
// the kernel's SYSCALL_DEFINE lines; clone(2) takes a long, but only its low half.
struct NarrowArguments {
    std::string_view call;
    unsigned indices;  // bit N for argument N
};

constexpr unsigned at(auto... indices) {
    return ((1U << indices) | ...);
}

constexpr NarrowArguments narrow_arguments[] = {
    {"accept4", at(0, 3)},
    {"bpf", at(0, 2)},
    {"chmod", at(1)},
    {"clock_settime", at(0)},
    {"clone", at(0)},
    {"creat", at(1)},
    {"fchmod", at(0, 1)},
    {"fchmodat", at(0, 2)},
    {"fchmodat2", at(0, 2, 3)},
    {"fcntl", at(0, 1)},
    {"fsmount", at(0, 1, 2)},
    {"fsopen", at(1)},
    {"futex", at(1, 2, 5)},
    {"getsockopt", at(0, 1, 2)},
    {"ioctl", at(0, 1)},
    {"keyctl", at(0)},
    {"kill", at(0, 1)},
    {"madvise", at(2)},
    {"memfd_create", at(1)},
    {"mkdir", at(1)},
    {"mkdirat", at(0, 2)},
    {"mknod", at(1, 2)},
    {"mknodat", at(0, 2, 3)},
    {"move_mount", at(0, 2, 4)},
    {"open", at(1, 2)},
    {"open_tree", at(0, 2)},
    {"openat", at(0, 2, 3)},
    {"personality", at(0)},
    {"prctl", at(0)},
    {"prlimit64", at(0, 1)},
    {"quotactl", at(0, 2)},
    {"reboot", at(0, 1, 2)},
    {"sched_setscheduler", at(0, 1)},
    {"seccomp", at(0, 1)},
    {"setgid", at(0)},
    {"setns", at(0, 1)},
    {"setpriority", at(0, 1, 2)},
    {"setresgid", at(0, 1, 2)},
    {"setresuid", at(0, 1, 2)},
    {"setsockopt", at(0, 1, 2, 4)},
    {"setuid", at(0)},
    {"shmat", at(0, 2)},
    {"shmget", at(0, 2)},
    {"socket", at(0, 1, 2)},
    {"socketpair", at(0, 1, 2)},
    {"syslog", at(0, 2)},
    {"tgkill", at(0, 1, 2)},
    {"tkill", at(0, 1)},
    {"umask", at(0)},
    {"umount2", at(1)},
    {"userfaultfd", at(0)},
};

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

ArgumentRule resolve(std::string_view call, const SeccompRule& rule) {
    ArgumentRule resolved{.conditions = {}, .action = return_value(rule.action)};
    for (const auto& argument : rule.args) {
        resolved.conditions.push_back(make_condition(call, argument));
    }
    return resolved;
}

std::vector<std::string_view> calls_of(const SeccompRule& rule) {
    std::vector<std::string_view> calls;
    for (const std::string& word : rule.syscalls) {
        const auto members = syscalls_in_set(word);
        if (members) calls.insert(calls.end(), members->begin(), members->end());
        if (!members) calls.push_back(word);
    }
    return calls;
}

Status check_argument(std::span<const std::string_view> calls, const SeccompArgument& argument) {
    if (argument.index >= syscall_argument_count) {
        return failure("no call has an argument " + std::to_string(argument.index));
    }
    if ((argument.value & ~argument.mask) != 0) {
        return failure("the value has bits that are not in the mask");
    }
    const auto is_cut = [&](std::string_view call) {
        return is_narrow(call, argument);
    };
    const auto narrow = std::ranges::find_if(calls, is_cut);
    if (narrow == calls.end() || argument.value <= low_bits) return {};
    return failure("the kernel takes argument " + std::to_string(argument.index) + " of '" +
                   std::string{*narrow} + "' as a 32-bit number, and the value is larger");
}

Status check_rule(const SeccompRule& rule) {
    for (const std::string& word : rule.syscalls) {
        TRY(check_word(word));
    }
    TRY(check_action(rule.action));
    const auto calls = calls_of(rule);
    for (std::size_t index = 0; index < rule.args.size(); ++index) {
        auto checked = check_argument(calls, rule.args[index]);
        if (checked) continue;
        return std::unexpected(
            std::move(checked).error().in("args[" + std::to_string(index) + "]"));
    }
    return {};
}

bool names(const SeccompConfig& config, std::string_view call) {
    return std::ranges::any_of(config.rules, [call](const SeccompRule& rule) {
        return std::ranges::find(rule.syscalls, call) != rule.syscalls.end();
    });
}

// `inherited` rules of clone(2), its last ones, are not of this list.
void let_clone3_fall_back(const SeccompConfig& config, SyscallPolicy& policy,
                          std::size_t inherited) {
    if (names(config, "clone3")) return;
    const auto* clone = find_decision(policy, "clone");
    auto* clone3 = find_decision(policy, "clone3");
    if (clone == nullptr || clone3 == nullptr) return;
    const auto own = std::span{clone->rules}.first(clone->rules.size() - inherited);
    const bool denies_some = std::ranges::any_of(
        own, [](const ArgumentRule& rule) { return !lets_through(rule.action); });
    if (!denies_some || !lets_through(clone3->action)) return;
    clone3->action = SECCOMP_RET_ERRNO | ENOSYS;
    clone3->rules.clear();
}

}  // namespace

bool is_narrow(std::string_view call, const SeccompArgument& argument) {
    if (argument.bits) return *argument.bits == 32;
    const auto* found = std::ranges::find(narrow_arguments, call, &NarrowArguments::call);
    return found != std::end(narrow_arguments) && (found->indices >> argument.index & 1) != 0;
}

ArgumentCondition make_condition(std::string_view call, const SeccompArgument& argument) {
    return {
        .index = argument.index,
        .comparison = comparison(argument.op),
        .value = argument.value,
        .mask = is_narrow(call, argument) ? argument.mask & low_bits : argument.mask,
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

void add_rules(const SeccompConfig& config, SyscallPolicy& policy) {
    const SyscallDecision* clone = find_decision(policy, "clone");
    std::size_t inherited = clone != nullptr ? clone->rules.size() : 0;
    // From the last to the first: a rule without conditions replaces what comes after it.
    for (auto rule = config.rules.rbegin(); rule != config.rules.rend(); ++rule) {
        auto calls = calls_of(*rule);
        std::ranges::sort(calls);
        calls.erase(std::ranges::unique(calls).begin(), calls.end());
        for (const auto call : calls) {
            auto* decision = find_decision(policy, call);
            if (decision == nullptr) continue;
            auto resolved = resolve(call, *rule);
            if (!resolved.conditions.empty()) {
                decision->rules.insert(decision->rules.begin(), std::move(resolved));
                continue;
            }
            decision->rules.clear();
            if (decision == clone) inherited = 0;
            decision->action = resolved.action;
        }
    }
    let_clone3_fall_back(config, policy, inherited);
}

}  // namespace confinit
