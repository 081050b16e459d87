// SPDX-License-Identifier: Apache-2.0
// Verify: how the kernel treats the main process among others, against the plan.
#include "launch/verify/parts.h"

#include "base/bit_list.h"
#include "kernel/scheduling.h"

#include <algorithm>
#include <linux/ioprio.h>
#include <sched.h>

namespace confinit {
namespace {

constexpr std::string_view score_key = "process.oom_score_adj";
constexpr std::string_view policy_key = "process.scheduling";
constexpr std::string_view io_key = "process.io_priority";
constexpr std::string_view cpus_key = "process.cpu_affinity";

VerifyResult compare_cpus(std::span<const std::uint64_t> present,
                          std::span<const std::uint64_t> wanted) {
    bool is_fewer = false;
    for (std::size_t i = 0; i < std::max(present.size(), wanted.size()); ++i) {
        const std::uint64_t in_force = i < present.size() ? present[i] : 0;
        const std::uint64_t declared = i < wanted.size() ? wanted[i] : 0;
        if ((in_force & ~declared) != 0) return VerifyResult::differs;
        is_fewer = is_fewer || in_force != declared;
    }
    return is_fewer ? VerifyResult::narrower : VerifyResult::same;
}

// How soon a policy gets the CPU: the lower ones wait for the higher. sched(7).
int policy_rank(int policy) {
    switch (policy) {
    case SCHED_IDLE:
        return 0;
    case SCHED_BATCH:
        return 1;
    case SCHED_OTHER:
        return 2;
    case SCHED_RR:
    case SCHED_FIFO:
        return 3;
    default:
        return 4;
    }
}

VerifyResult compare_policy(const Scheduling& found, const Scheduling& wanted) {
    if (found.policy == wanted.policy && found.priority == wanted.priority) {
        return VerifyResult::same;
    }
    const int rank = policy_rank(found.policy) - policy_rank(wanted.policy);
    const bool is_lower = found.policy == wanted.policy && found.priority < wanted.priority;
    return rank < 0 || is_lower ? VerifyResult::narrower : VerifyResult::differs;
}

// A greater class or level waits longer. The idle class comes last, and keeps a level that means
// nothing; the class "none" follows nice, so that it can be compared with no other one.
VerifyResult compare_io_priority(int found, int wanted) {
    if (io_priority_text(found) == io_priority_text(wanted)) return VerifyResult::same;
    constexpr int none = 0;
    const int found_class = IOPRIO_PRIO_CLASS(found);
    const int wanted_class = IOPRIO_PRIO_CLASS(wanted);
    const bool is_comparable = found_class != none && wanted_class != none;
    return is_comparable && found > wanted ? VerifyResult::narrower : VerifyResult::differs;
}

// Compares a value that gives the process less the greater it is.
VerifyResult compare_penalty(int found, int wanted) {
    return found > wanted ? VerifyResult::narrower : same_if(found == wanted);
}

void verify_penalty(std::string_view key, int wanted, const Result<int>& found,
                    VerifyItems& items) {
    if (!found) return add_unread(items, key, found.error());
    items.push_back({std::string{key}, std::to_string(wanted), std::to_string(*found),
                     compare_penalty(*found, wanted)});
}

void verify_policy(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                   VerifyItems& items) {
    const auto& wanted = plan->child;
    if (wanted.scheduling_policy < 0) return;
    const auto found = read_scheduling(process);
    if (!found) return add_unread(items, policy_key, found.error());
    items.push_back(
        {std::string{policy_key},
         declared_text(unit, policy_key,
                       scheduling_text(wanted.scheduling_policy, wanted.scheduling_priority)),
         scheduling_text(found->policy, found->priority),
         compare_policy(*found, {.policy = wanted.scheduling_policy,
                                 .priority = wanted.scheduling_priority})});
}

void verify_io_priority(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                        VerifyItems& items) {
    const int wanted = plan->child.io_priority;
    if (wanted < 0) return;
    const auto found = read_io_priority(main_process);
    if (!found) return add_unread(items, io_key, found.error());
    items.push_back({std::string{io_key}, declared_text(unit, io_key, io_priority_text(wanted)),
                     io_priority_text(*found), compare_io_priority(*found, wanted)});
}

void verify_cpus(const Unit& unit, const LaunchPlan& plan, const Fd& process, VerifyItems& items) {
    if (plan->child.cpu_affinity.empty()) return;
    const auto found = read_allowed_cpus(process);
    if (!found) return add_unread(items, cpus_key, found.error());
    const auto present = parse_bit_list(*found);
    items.push_back(
        {std::string{cpus_key},
         declared_text(unit, cpus_key, bit_list_text(plan->child.cpu_affinity)), *found,
         present ? compare_cpus(*present, plan->child.cpu_affinity) : VerifyResult::differs});
}

}  // namespace

void verify_scheduling(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                       pid_t main_process, VerifyItems& items) {
    if (is_declared(unit, score_key)) {
        verify_penalty(score_key, unit.process.oom_score_adj, read_oom_score_adj(process), items);
    }
    if (plan->child.sets_nice) {
        verify_penalty("process.nice", plan->child.nice, read_nice(process), items);
    }
    verify_policy(unit, plan, process, items);
    verify_io_priority(unit, plan, main_process, items);
    verify_cpus(unit, plan, process, items);
}

}  // namespace confinit
