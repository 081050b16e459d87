// SPDX-License-Identifier: Apache-2.0
// Verify: how the kernel treats the main process among others, against the plan.
#include "launch/verify_parts.h"

#include "base/bit_list.h"
#include "kernel/scheduling.h"

namespace confinit {
namespace {

constexpr std::string_view policy_key = "process.scheduling";
constexpr std::string_view io_key = "process.io_priority";
constexpr std::string_view cpus_key = "process.cpu_affinity";

// Fewer CPUs than declared are the program's own choice.
bool is_subset(const std::vector<std::uint64_t>& part, const std::vector<std::uint64_t>& whole) {
    for (std::size_t i = 0; i < part.size(); ++i) {
        if ((part[i] & ~(i < whole.size() ? whole[i] : 0)) != 0) return false;
    }
    return true;
}

void verify_policy(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                   VerifyItems& items) {
    const ChildPlan& wanted = plan.child;
    if (wanted.scheduling_policy < 0) return;
    const auto found = read_scheduling(process);
    if (!found) return add_unread(items, policy_key, found.error());
    const bool is_same =
        found->policy == wanted.scheduling_policy && found->priority == wanted.scheduling_priority;
    items.push_back(
        {std::string{policy_key},
         declared_text(unit, policy_key,
                       scheduling_text(wanted.scheduling_policy, wanted.scheduling_priority)),
         scheduling_text(found->policy, found->priority), is_same});
}

void verify_io_priority(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                        VerifyItems& items) {
    const int wanted = plan.child.io_priority;
    if (wanted < 0) return;
    const auto found = read_io_priority(main_process);
    if (!found) return add_unread(items, io_key, found.error());
    // By the words: of the idle class the kernel keeps a level that means nothing.
    const std::string text = io_priority_text(*found);
    items.push_back({std::string{io_key}, declared_text(unit, io_key, io_priority_text(wanted)),
                     text, text == io_priority_text(wanted)});
}

void verify_cpus(const Unit& unit, const LaunchPlan& plan, const Fd& process, VerifyItems& items) {
    if (plan.cpu_affinity.empty()) return;
    const auto found = read_allowed_cpus(process);
    if (!found) return add_unread(items, cpus_key, found.error());
    const auto present = parse_bit_list(*found);
    items.push_back({std::string{cpus_key},
                     declared_text(unit, cpus_key, bit_list_text(plan.cpu_affinity)), *found,
                     present && is_subset(*present, plan.cpu_affinity)});
}

}  // namespace

void verify_scheduling(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                       pid_t main_process, VerifyItems& items) {
    const auto score = read_oom_score_adj(process);
    const std::string wanted_score = std::to_string(unit.process.oom_score_adj);
    items.push_back({"process.oom_score_adj", wanted_score,
                     score ? std::to_string(*score) : score.error().what,
                     score && *score == unit.process.oom_score_adj});
    if (plan.child.nice != nullptr) {
        const auto nice = read_nice(process);
        items.push_back({"process.nice", std::to_string(plan.nice),
                         nice ? std::to_string(*nice) : nice.error().what,
                         nice && *nice == plan.nice});
    }
    verify_policy(unit, plan, process, items);
    verify_io_priority(unit, plan, main_process, items);
    verify_cpus(unit, plan, process, items);
}

}  // namespace confinit
