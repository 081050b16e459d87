// SPDX-License-Identifier: Apache-2.0
// Filter export: a unit's filter as a profile of the OCI runtime specification.
#include "launch/seccomp/filter_export.h"

#include "kernel/syscall_sets.h"
#include "launch/seccomp/argument_width.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/policy.h"
#include "launch/seccomp/profile_policy.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <linux/seccomp.h>
#include <map>
#include <string_view>
#include <vector>

namespace confinit {
namespace {

constexpr std::uint64_t all_bits = ~std::uint64_t{0};

// The action that the most calls answer, of those that do not let calls through where there is one:
// a runtime that takes a call for unknown answers the default.
std::uint32_t choose_default(const SyscallPolicy& policy) {
    std::map<std::uint32_t, std::size_t> uses;
    for (const SyscallDecision& decision : policy.decisions)
        ++uses[decision.action];
    std::uint32_t chosen = SECCOMP_RET_ALLOW;
    std::size_t most = 0;
    for (const bool wants_denial : {true, false}) {
        for (const auto& [action, count] : uses) {
            const bool is_eligible = !wants_denial || !lets_through(action);
            if (is_eligible && count > most) {
                chosen = action;
                most = count;
            }
        }
        if (most > 0) return chosen;
    }
    return chosen;
}

void set_action(Json& object, std::uint32_t action, const char* name, const char* number) {
    switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        object[name] = "SCMP_ACT_ALLOW";
        return;
    case SECCOMP_RET_LOG:
        object[name] = "SCMP_ACT_LOG";
        return;
    case SECCOMP_RET_TRAP:
        object[name] = "SCMP_ACT_TRAP";
        return;
    case SECCOMP_RET_KILL_THREAD:
        object[name] = "SCMP_ACT_KILL_THREAD";
        return;
    case SECCOMP_RET_TRACE:
    case SECCOMP_RET_ERRNO:
        object[name] = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE ? "SCMP_ACT_TRACE"
                                                                               : "SCMP_ACT_ERRNO";
        object[number] = action & SECCOMP_RET_DATA;
        return;
    default:
        object[name] = "SCMP_ACT_KILL_PROCESS";
    }
}

const char* comparison_word(ArgumentComparison comparison) {
    switch (comparison) {
    case ArgumentComparison::equal:
        return "SCMP_CMP_EQ";
    case ArgumentComparison::not_equal:
        return "SCMP_CMP_NE";
    case ArgumentComparison::less:
        return "SCMP_CMP_LT";
    case ArgumentComparison::less_or_equal:
        return "SCMP_CMP_LE";
    case ArgumentComparison::greater:
        return "SCMP_CMP_GT";
    case ArgumentComparison::greater_or_equal:
        return "SCMP_CMP_GE";
    }
    return "SCMP_CMP_EQ";
}

// A condition in the specification's words, where it has them, else with the members "mask" and
// "bits" of ours.
Json argument_json(std::string_view call, const ArgumentCondition& condition) {
    const std::uint64_t seen =
        mask_of_bits(argument_bits(SyscallAbi::native, call, condition.index));
    Json argument{{"index", condition.index}, {"op", comparison_word(condition.comparison)}};
    if ((condition.mask & ~seen) != 0) argument["bits"] = 64;
    if (condition.mask == all_bits || condition.mask == seen) {
        argument["value"] = condition.value;
    } else if (condition.comparison == ArgumentComparison::equal &&
               (condition.value & ~condition.mask) == 0) {
        argument["op"] = "SCMP_CMP_MASKED_EQ";
        argument["value"] = condition.mask;
        argument["valueTwo"] = condition.value;
    } else {
        argument["value"] = condition.value;
        argument["mask"] = condition.mask;
    }
    return argument;
}

// Whether nothing but what the specification knows is in it.
bool is_plain(const Json& argument) {
    return !argument.contains("bits") && !argument.contains("mask");
}

Json arguments_json(std::string_view call, const ArgumentRule& rule) {
    Json arguments = Json::array();
    for (const ArgumentCondition& condition : rule.conditions)
        arguments.push_back(argument_json(call, condition));
    return arguments;
}

bool is_same_decision(const SyscallDecision& one, const SyscallDecision& other) {
    if (one.number != other.number || one.action != other.action) return false;
    const bool has_one_action = std::ranges::all_of(one.rules, [&](const ArgumentRule& rule) {
        return rule.action == one.rules.front().action;
    });
    // Then it does not matter which of them is looked at first.
    return has_one_action ? std::ranges::is_permutation(one.rules, other.rules)
                          : one.rules == other.rules;
}

bool reads_as(const Json& profile, const SyscallPolicy& policy) {
    const auto read = read_seccomp_profile(profile.dump(), kernel_vocabulary());
    if (!read) return false;
    return std::ranges::equal(make_profile_policy(*read, {}).decisions, policy.decisions,
                              is_same_decision);
}

class ProfileWriter {
public:
    explicit ProfileWriter(const SyscallPolicy& policy)
        : policy_(policy), default_action_(choose_default(policy)) {}

    Json write() {
        // Where the plain form would be read otherwise, the order is said as well.
        Json profile = write_in(ProfileOrder::libseccomp);
        const bool is_same = is_plain_ && reads_as(profile, policy_);
        return is_same ? profile : write_in(ProfileOrder::first_match);
    }

private:
    Json write_in(ProfileOrder order) {
        Json profile = Json::object();
        set_action(profile, default_action_, "defaultAction", "defaultErrnoRet");
#if defined(__x86_64__)
        profile["architectures"] = {"SCMP_ARCH_X86_64"};
#elif defined(__aarch64__)
        profile["architectures"] = {"SCMP_ARCH_AARCH64"};
#endif
        if (order == ProfileOrder::first_match) profile["confinit"] = {{"order", "first-match"}};
        rules_ = Json::array();
        add_groups();
        for (const SyscallDecision& decision : policy_.decisions) {
            if (!decision.rules.empty()) add_rules(decision, order);
        }
        profile["syscalls"] = std::move(rules_);
        return profile;
    }

    void add(Json names, std::uint32_t action, Json arguments = {}) {
        Json rule{{"names", std::move(names)}};
        set_action(rule, action, "action", "errnoRet");
        if (!arguments.is_null()) rule["args"] = std::move(arguments);
        rules_.push_back(std::move(rule));
    }

    // The newest call is named whatever it answers: those behind it are taken for unknown.
    void add_groups() {
        std::map<std::uint32_t, std::vector<std::string>> groups;
        for (const SyscallDecision& decision : policy_.decisions) {
            const bool is_newest = &decision == &policy_.decisions.back();
            const bool is_default = decision.action == default_action_ && !is_newest;
            if (!decision.rules.empty() || is_default) continue;
            groups[decision.action].push_back(syscall_name(decision.number));
        }
        for (auto& [action, names] : groups) {
            std::ranges::sort(names);
            add(names, action);
        }
    }

    void add_rules(const SyscallDecision& decision, ProfileOrder order) {
        const std::string call = syscall_name(decision.number);
        for (const ArgumentRule& rule : decision.rules) {
            Json arguments = arguments_json(call, rule);
            is_plain_ = is_plain_ && std::ranges::all_of(arguments, is_plain);
            add({call}, rule.action, std::move(arguments));
        }
        if (order == ProfileOrder::first_match) add({call}, decision.action);
    }

    const SyscallPolicy& policy_;
    std::uint32_t default_action_;
    Json rules_ = Json::array();
    bool is_plain_ = true;
};

}  // namespace

Json export_profile(const SyscallPolicy& policy) {
    return ProfileWriter{policy}.write();
}

}  // namespace confinit
