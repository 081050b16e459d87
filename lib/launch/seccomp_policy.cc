// SPDX-License-Identifier: Apache-2.0
// Resolves the allow and deny lists of [seccomp], first names over sets, then deny over allow.
#include "launch/seccomp_policy.h"

#include "base/text.h"
#include "kernel/syscall_sets.h"
#include "launch/profile_policy.h"
#include "launch/seccomp_rules.h"
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

void decide(Decisions& decisions, std::string_view name, std::uint32_t decision) {
    const auto number = syscall_number(name);
    if (!number) return;
    const auto [place, is_new] = decisions.try_emplace(*number, decision);
    if (!is_new && is_stricter(decision, place->second)) place->second = decision;
}

// One list, resolved to numbers.
struct ResolvedList {
    Decisions by_name;
    Decisions by_set;

    std::optional<std::uint32_t> find(int number) const {
        for (const auto* decisions : {&by_name, &by_set}) {
            const auto found = decisions->find(number);
            if (found != decisions->end()) return found->second;
        }
        return std::nullopt;
    }
};

ResolvedList resolve(std::span<const SeccompEntry> entries, const SeccompAction& otherwise) {
    ResolvedList list;
    for (const auto& entry : entries) {
        const std::uint32_t decision = return_value(entry.action.value_or(otherwise));
        const auto members = syscalls_in_set(entry.name);
        if (!members) {
            decide(list.by_name, entry.name, decision);
            continue;
        }
        for (const auto member : *members)
            decide(list.by_set, member, decision);
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

bool gives_action(std::span<const SeccompEntry> entries, std::string_view name) {
    return std::ranges::any_of(entries, [name](const SeccompEntry& entry) {
        return entry.name == name && entry.action.has_value();
    });
}

// What a profile says of clone3 is kept.
void let_clone3_fall_back(const SeccompConfig& config, const ResolvedList& deny,
                          SyscallPolicy& policy) {
    if (gives_action(config.allow, "clone3") || gives_action(config.deny, "clone3")) return;
    const auto* clone = find_decision(policy, "clone");
    auto* clone3 = find_decision(policy, "clone3");
    if (clone == nullptr || clone3 == nullptr) return;
    if (config.profile != nullptr && !deny.find(clone3->number)) return;
    if (lets_through(clone->action) && !lets_through(clone3->action)) clone3->action = no_such_call;
}

Status check_execve(const SeccompConfig& config, const ResolvedList& deny, SyscallPolicy& policy) {
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
    if (execve != nullptr && deny.find(execve->number)) {
        return failure("seccomp.deny: 'execve' is denied, but " + reason);
    }
    if (config.profile != nullptr) {
        return failure("seccomp.profile: it does not allow 'execve', but " + reason +
                       "; list 'execve' in seccomp.allow");
    }
    return failure("seccomp.allow: 'execve' is not allowed, but " + reason +
                   "; list 'execve' or '@base'");
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

SyscallPolicy same_for_all(std::uint32_t action) {
    SyscallPolicy policy{.decisions = {}, .unknown_action = no_such_call};
    for (const int number : known_syscalls())
        policy.decisions.push_back({.number = number, .action = action});
    return policy;
}

SyscallDecision* find_decision(SyscallPolicy& policy, std::string_view name) {
    const auto number = syscall_number(name);
    const auto found = std::ranges::find(policy.decisions, number, &SyscallDecision::number);
    return found == policy.decisions.end() ? nullptr : &*found;
}

Result<SyscallPolicy> make_policy(const SeccompConfig& config, CapabilityMask bounding) {
    TRY(check_config(config));
    const SeccompAction& otherwise =
        config.profile ? config.profile->default_action : config.default_action;
    const auto allow = resolve(config.allow, {.kind = SeccompActionKind::allow});
    const auto deny = resolve(config.deny, default_denial(otherwise));

    SyscallPolicy policy = config.profile
                               ? make_profile_policy(*config.profile, {bounding, running_kernel()})
                               : same_for_all(return_value(otherwise));
    for (SyscallDecision& each : policy.decisions) {
        auto decision = deny.find(each.number);
        if (!decision) decision = allow.find(each.number);
        if (decision) each = {.number = each.number, .action = *decision};
    }
    let_clone3_fall_back(config, deny, policy);
    add_rules(config, policy);
    TRY(check_execve(config, deny, policy));
    return policy;
}

}  // namespace confinit
