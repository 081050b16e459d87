// SPDX-License-Identifier: Apache-2.0
// Resolves the allow and deny lists of [seccomp], first names over sets, then deny over allow.
#include "launch/seccomp/policy.h"

#include "base/text.h"
#include "kernel/syscall_sets.h"
#include "kernel/x86_calls.h"
#include "launch/seccomp/doors.h"
#include "launch/seccomp/narrow.h"
#include "launch/seccomp/profile_policy.h"
#include "launch/seccomp/restrictions.h"
#include "launch/seccomp/rules.h"
#include "unit/seccomp_profile.h"

#include <algorithm>
#include <cerrno>
#include <linux/seccomp.h>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace confinit {

namespace {

// The kernel cuts a greater errno to this (MAX_ERRNO), and 0 would feign success.
constexpr int highest_errno = 4095;

// The kernel compares actions as signed numbers: KILL_PROCESS is the least, ALLOW the greatest.
bool is_stricter(std::uint32_t decision, std::uint32_t than) {
    const auto rank = [](std::uint32_t value) {
        return static_cast<std::int32_t>(value & SECCOMP_RET_ACTION_FULL);
    };
    return rank(decision) < rank(than);
}

using Decisions = std::map<int, std::uint32_t>;

void decide(Decisions& decisions, std::optional<int> number, std::uint32_t decision) {
    if (!number) return;
    const auto [place, is_new] = decisions.try_emplace(*number, decision);
    if (!is_new && is_stricter(decision, place->second)) place->second = decision;
}

// One list, resolved to numbers: what it names itself, what it names by an older name, sets.
struct ResolvedList {
    Decisions by_name;
    Decisions by_variant;
    Decisions by_set;

    std::optional<std::uint32_t> find(int number) const {
        for (const auto* decisions : {&by_name, &by_variant, &by_set}) {
            const auto found = decisions->find(number);
            if (found != decisions->end()) return found->second;
        }
        return std::nullopt;
    }
};

void decide_variants(Decisions& decisions, std::string_view name, SyscallAbi abi,
                     std::uint32_t decision) {
    if (abi != SyscallAbi::x86) return;
    for (const auto variant : x86_variants(name))
        decide(decisions, syscall_number(variant, abi), decision);
}

ResolvedList resolve(std::span<const SeccompEntry> entries, const SeccompAction& otherwise,
                     SyscallAbi abi) {
    ResolvedList list;
    for (const auto& entry : entries) {
        const std::uint32_t decision = return_value(entry.action.value_or(otherwise));
        const auto members = syscalls_in_set(entry.name, abi);
        if (!members) {
            decide(list.by_name, syscall_number(entry.name, abi), decision);
            decide_variants(list.by_variant, entry.name, abi, decision);
            continue;
        }
        for (const auto member : *members) {
            decide(list.by_set, syscall_number(member, abi), decision);
            decide_variants(list.by_set, member, abi, decision);
        }
    }
    return list;
}

SeccompAction default_denial(const SeccompAction& default_action) {
    if (!lets_through(return_value(default_action))) return default_action;
    return {.kind = SeccompActionKind::error, .error_number = EPERM};
}

Status check_entry(const SeccompEntry& entry) {
    TRY(check_word(entry.name));
    return entry.action ? check_action(*entry.action) : Status();
}

Status check_list(std::string_view key, std::span<const SeccompEntry> entries) {
    for (std::size_t index = 0; index < entries.size(); ++index) {
        auto checked = check_entry(entries[index]);
        if (checked) continue;
        const std::string place = std::string(key) + '[' + std::to_string(index) + ']';
        return std::unexpected(std::move(checked).error().in(place));
    }
    return {};
}

Status check_config(const SeccompConfig& config) {
    auto checked = check_action(config.default_action);
    if (!checked) return std::unexpected(std::move(checked).error().in("seccomp.default"));
    TRY(check_list("seccomp.allow", config.allow));
    TRY(check_list("seccomp.deny", config.deny));
    return check_rules(config);
}

const SeccompAction& default_of(const SeccompConfig& config) {
    return config.profile ? config.profile->default_action : config.default_action;
}

bool denies_execve(const SeccompConfig& config) {
    const auto deny = resolve(config.deny, default_denial(default_of(config)), SyscallAbi::native);
    const auto number = syscall_number("execve");
    return number && deny.find(*number);
}

SyscallDecision* find_decision(SyscallPolicy& policy, std::string_view name) {
    const auto number = syscall_number(name);
    const auto found = std::ranges::find(policy.decisions, number, &SyscallDecision::number);
    return found == policy.decisions.end() ? nullptr : &*found;
}

Status check_execve(const SeccompConfig& config, SyscallPolicy& policy) {
    const auto* execve = find_decision(policy, "execve");
    const auto denies = [](const ArgumentRule& rule) {
        return !lets_through(rule.action);
    };
    if (execve != nullptr && std::ranges::any_of(execve->rules, denies)) {
        return failure(
            "seccomp.rules: 'execve' is denied, but the launch itself must execute the "
            "program");
    }
    if (execve != nullptr && lets_through(execve->action)) return {};
    const std::string reason = "the launch itself must execute the program";
    if (denies_execve(config)) {
        return failure("seccomp.deny: 'execve' is denied, but " + reason);
    }
    if (config.profile != nullptr) {
        return failure("seccomp.profile: it does not allow 'execve', but " + reason +
                       "; list 'execve' in seccomp.allow");
    }
    return failure("seccomp.allow: 'execve' is not allowed, but " + reason +
                   "; list 'execve' or '@base'");
}

// 32-bit programs are x86-64's.
Status check_architectures(const SeccompConfig& config) {
    if (config.architectures.empty() || native_architecture == AUDIT_ARCH_X86_64) return {};
    return failure("seccomp.architectures: this machine has no x86 programs");
}

// The unit's lists and rules over what is there.
CallTable apply_lists(const SeccompConfig& config, CallTable calls) {
    const auto allow = resolve(config.allow, {.kind = SeccompActionKind::allow}, calls.abi);
    const auto deny = resolve(config.deny, default_denial(default_of(config)), calls.abi);
    for (SyscallDecision& each : calls.decisions) {
        auto decision = deny.find(each.number);
        if (!decision) decision = allow.find(each.number);
        if (decision) each = {.number = each.number, .action = *decision};
    }
    add_rules(config, calls);
    return calls;
}

// A profile is taken as it is: only what the unit itself denies closes the doors around it.
void close_own_doors(const SeccompConfig& config, CallTable& calls) {
    const CallTable open = apply_lists(config, same_for_all(SECCOMP_RET_ALLOW, calls.abi));
    CallTable closed = open;
    close_doors(config, closed);
    for (std::size_t index = 0; index < calls.decisions.size(); ++index) {
        const SyscallDecision& before = open.decisions[index];
        const SyscallDecision& after = closed.decisions[index];
        SyscallDecision& decision = calls.decisions[index];
        if (after == before) continue;
        if (decision == before)
            decision = after;
        else
            narrow(decision, {.conditions = {}, .action = no_such_call});
    }
}

std::vector<SyscallDecision> make_decisions(const SeccompConfig& config, CapabilityMask bounding,
                                            SyscallAbi abi) {
    CallTable base = config.profile
                         ? make_profile_table(*config.profile, {bounding, running_kernel()}, abi)
                         : same_for_all(return_value(config.default_action), abi);
    CallTable calls = apply_lists(config, std::move(base));
    // Containers let 32-bit programs do this without looking; no word of a profile says so.
    if (config.profile && abi == SyscallAbi::native)
        close_own_doors(config, calls);
    else
        close_doors(config, calls);
    restrict_calls(config, calls);
    return std::move(calls.decisions);
}

}  // namespace

std::uint32_t return_value(const SeccompAction& action) {
    switch (action.kind) {
    case SeccompActionKind::allow:
        return SECCOMP_RET_ALLOW;
    case SeccompActionKind::log:
        return SECCOMP_RET_LOG;
    case SeccompActionKind::error:
        return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(action.error_number);
    case SeccompActionKind::trap:
        return SECCOMP_RET_TRAP;
    case SeccompActionKind::trace:
        return SECCOMP_RET_TRACE | static_cast<std::uint32_t>(action.error_number);
    case SeccompActionKind::kill_thread:
        return SECCOMP_RET_KILL_THREAD;
    case SeccompActionKind::kill_process:
        return SECCOMP_RET_KILL_PROCESS;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

bool lets_through(std::uint32_t decision) {
    return decision == SECCOMP_RET_ALLOW || decision == SECCOMP_RET_LOG;
}

Status check_action(const SeccompAction& action) {
    if (action.kind != SeccompActionKind::error) return {};
    if (action.error_number >= 1 && action.error_number <= highest_errno) return {};
    return failure("no error number: " + std::to_string(action.error_number));
}

Status check_word(std::string_view word) {
    if (syscalls_in_set(word) || is_syscall_name(word)) return {};
    const auto nearest = nearest_word(word, syscall_words());
    return failure("no such system call or set: '" + escape_control_characters(word) + "'" +
                   (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : ""));
}

CallTable same_for_all(std::uint32_t action, SyscallAbi abi) {
    CallTable calls{.abi = abi};
    for (const int number : known_syscalls(abi))
        calls.decisions.push_back({.number = number, .action = action});
    return calls;
}

Result<SyscallPolicy> make_policy(const SeccompConfig& config, CapabilityMask bounding) {
    TRY(check_config(config));
    TRY(check_architectures(config));
    SyscallPolicy policy{.decisions = make_decisions(config, bounding, SyscallAbi::native),
                         .unknown_action = no_such_call};
    if (!config.architectures.empty()) {
        policy.foreign.push_back(
            {AUDIT_ARCH_I386, make_decisions(config, bounding, SyscallAbi::x86)});
    }
    TRY(check_execve(config, policy));
    return policy;
}

}  // namespace confinit
