// SPDX-License-Identifier: Apache-2.0
// A unit's filter as text for people: calls grouped by what they are answered, then the rules.
#include "kernel/bpf_text.h"
#include "kernel/syscall_sets.h"
#include "launch/seccomp/filter_export.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {
namespace {

constexpr std::size_t line_width = 96;
constexpr std::size_t indentation = 4;

std::string comparison_text(ArgumentComparison comparison) {
    switch (comparison) {
    case ArgumentComparison::equal:
        return "==";
    case ArgumentComparison::not_equal:
        return "!=";
    case ArgumentComparison::less:
        return "<";
    case ArgumentComparison::less_or_equal:
        return "<=";
    case ArgumentComparison::greater:
        return ">";
    case ArgumentComparison::greater_or_equal:
        return ">=";
    }
    return "?";
}

// "(argument 1 & 0xffffffff) == 0x5412".
std::string condition_text(const ArgumentCondition& condition) {
    const std::string argument = fmt::format("argument {}", condition.index);
    const bool is_whole = condition.mask == ~std::uint64_t{0};
    return fmt::format("{} {} {:#x}",
                       is_whole ? argument : fmt::format("({} & {:#x})", argument, condition.mask),
                       comparison_text(condition.comparison), condition.value);
}

std::string rule_text(const ArgumentRule& rule) {
    std::string text;
    for (const ArgumentCondition& condition : rule.conditions) {
        text += (text.empty() ? "" : " and ") + condition_text(condition);
    }
    return fmt::format("{} if {}", decision_text(rule.action), text);
}

std::string lines_of(const std::vector<std::string>& words) {
    std::string text;
    std::size_t width = 0;
    for (const std::string& word : words) {
        if (width == 0 || width + 1 + word.size() > line_width) {
            text += (text.empty() ? "" : "\n") + std::string(indentation, ' ');
            width = indentation;
        } else {
            text += ' ';
            ++width;
        }
        text += word;
        width += word.size();
    }
    return text + "\n";
}

}  // namespace

std::string policy_text(const SyscallPolicy& policy) {
    std::map<std::uint32_t, std::vector<std::string>> groups;
    for (const SyscallDecision& decision : policy.decisions) {
        if (decision.rules.empty()) {
            groups[decision.action].push_back(syscall_name(decision.number));
        }
    }
    // The largest group is what all but the others are answered.
    const auto largest =
        std::ranges::max_element(groups, {}, [](const auto& group) { return group.second.size(); });
    std::string text;
    for (auto& [action, names] : groups) {
        if (action == largest->first) continue;
        std::ranges::sort(names);
        text += fmt::format("{}: {} calls\n", decision_text(action), names.size());
        text += lines_of(names);
    }
    for (const SyscallDecision& decision : policy.decisions) {
        if (decision.rules.empty()) continue;
        text += fmt::format("{}: the first that holds\n", syscall_name(decision.number));
        for (const ArgumentRule& rule : decision.rules)
            text += fmt::format("    {}\n", rule_text(rule));
        text += fmt::format("    else {}\n", decision_text(decision.action));
    }
    if (largest != groups.end()) {
        text += fmt::format("{}: every other call, {} of them\n", decision_text(largest->first),
                            largest->second.size());
    }
    return text + fmt::format("{}: what is no call here\n", decision_text(policy.unknown_action));
}

}  // namespace confinit
