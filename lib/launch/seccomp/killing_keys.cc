// SPDX-License-Identifier: Apache-2.0
// Killing keys: which keys of a unit can have ended a process by SIGSYS.
#include "launch/seccomp/killing_keys.h"

#include "launch/protection.h"

#include <algorithm>
#include <string_view>

namespace confinit {
namespace {

// SECCOMP_RET_TRAP sends SIGSYS, which ends who does not handle it.
bool kills(const SeccompAction& action) {
    return action.kind == SeccompActionKind::kill_process ||
           action.kind == SeccompActionKind::kill_thread || action.kind == SeccompActionKind::trap;
}

}  // namespace

std::string killing_keys(const Unit& unit) {
    const SeccompConfig config = filter_with_protection(unit).value_or(permissive_filter());
    std::string keys;
    const auto add = [&keys](std::string_view key, bool can_kill) {
        if (!can_kill) return;
        if (!keys.empty()) keys += ", ";
        keys += key;
    };
    const bool default_kills = kills(config.default_action);
    add("seccomp.default", default_kills);
    add("seccomp.allow", std::ranges::any_of(config.allow, [](const SeccompEntry& entry) {
            return entry.action && kills(*entry.action);
        }));
    add("seccomp.deny", std::ranges::any_of(config.deny, [&](const SeccompEntry& entry) {
            return entry.action ? kills(*entry.action) : default_kills;
        }));
    add("seccomp.rules", std::ranges::any_of(config.rules, [](const SeccompRule& rule) {
            return kills(rule.action);
        }));
    return (keys.empty() ? "" : keys + "; or ") +
           std::string{"a call of an architecture that seccomp.architectures does not list"};
}

}  // namespace confinit
