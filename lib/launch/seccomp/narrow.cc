// SPDX-License-Identifier: Apache-2.0
// Narrowing: a denial that is put before all that a decision lets through.
#include "launch/seccomp/narrow.h"

#include <linux/seccomp.h>
#include <utility>

namespace confinit {

bool may_pass(std::uint32_t action) {
    const std::uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
    return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
}

void narrow(SyscallDecision& decision, const ArgumentRule& denial) {
    const bool is_whole = denial.conditions.empty();
    std::vector<ArgumentRule> rules;
    for (ArgumentRule& rule : decision.rules) {
        if (may_pass(rule.action)) {
            ArgumentRule both{rule.conditions, denial.action};
            both.conditions.insert(both.conditions.end(), denial.conditions.begin(),
                                   denial.conditions.end());
            rules.push_back(std::move(both));
            if (is_whole) continue;
        }
        rules.push_back(std::move(rule));
    }
    if (may_pass(decision.action)) {
        if (is_whole) decision.action = denial.action;
        if (!is_whole) rules.push_back(denial);
    }
    decision.rules = std::move(rules);
}

}  // namespace confinit
