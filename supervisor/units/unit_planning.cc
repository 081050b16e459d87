// SPDX-License-Identifier: Apache-2.0
// UnitPlanning: what a unit's next run or group begins with, asked of the planner.
#include "supervisor/units/unit_planning.h"

#include "launch/plan/id_maps.h"

#include <algorithm>
#include <utility>

namespace confinit {
namespace {

// A unit may have no limit to its start; a look has one.
constexpr std::chrono::hours longest_patience{24};
constexpr std::chrono::seconds usual_patience{30};

Clock::duration patience_of(const Unit& unit) {
    if (!unit.service) return usual_patience;
    return std::min<Clock::duration>(unit.service->start_timeout, longest_patience);
}

// The planner holds nothing open but what its looks need.
std::vector<int> descriptors_for(const Unit& unit, const LaunchContext& context) {
    std::vector<int> descriptors;
    for (const JoinedNamespace& joined : unit.namespaces.joined) {
        if (joined.unit.empty() || !context.find_running) continue;
        if (const auto running = context.find_running(joined.unit))
            descriptors.push_back(running->pidfd);
    }
    return descriptors;
}

PlanMessage answer_of(LaunchResult<LaunchPlan> plan) {
    return plan ? pack(std::move(*plan)) : pack(plan.error());
}

PlanMessage look_at_service(Unit unit, const LaunchContext& context) {
    if (auto settled = settle_id_maps(context, unit); !settled) return pack(settled.error());
    return answer_of(make_launch_plan(unit, context));
}

PlanMessage look_at_group(const Unit& unit, const LaunchContext& context) {
    const auto config = make_cgroup_config(unit, context);
    return config ? pack(*config) : pack(config.error());
}

LaunchResult<Planned> planned_service(PlanMessage answer, Unit unit, const LaunchContext& context) {
    LaunchPlan plan = TRY(unpack_plan(std::move(answer)));
    unit.namespaces.uid_map = plan.ids.uid_map;
    unit.namespaces.gid_map = plan.ids.gid_map;
    unit.namespaces.allow_setgroups = plan.ids.allow_setgroups;
    if (plan->child.has_reaper) plan.reaper_program = context.reaper_program.get();
    return Planned{std::move(unit), std::make_shared<LaunchPlan>(std::move(plan)), {}};
}

LaunchResult<Planned> planned_group(const PlanMessage& answer, Unit unit) {
    CgroupConfig settings = TRY(unpack_config(answer.bytes));
    return Planned{std::move(unit), nullptr, std::move(settings)};
}

}  // namespace

Planner::Id plan_unit(Planner& planner, const LaunchContext& context, Unit unit, PlannedDone done) {
    // The ids are given in PID 1, which keeps them, and found again in the planner.
    if (unit.namespaces.id_range == IdRange::separate && context.separate_ids)
        (void)context.separate_ids(unit.name);
    const auto shared = std::make_shared<const Unit>(std::move(unit));
    const bool is_service = shared->service.has_value();
    return planner.ask(
        {.unit = shared->name,
         .patience = patience_of(*shared),
         .look =
             [shared, &context, is_service] {
                 return is_service ? look_at_service(*shared, context)
                                   : look_at_group(*shared, context);
             },
         .descriptors =
             [shared, &context] {
                 return descriptors_for(*shared, context);
             }},
        [shared, &context, is_service, done = std::move(done)](PlanMessage answer) mutable {
            done(is_service ? planned_service(std::move(answer), *shared, context)
                            : planned_group(answer, *shared));
        });
}

Planner::Id plan_enter(Planner& planner, const LaunchContext& context, EnterQuestion question,
                       EnterPlanDone done) {
    const int main_pidfd = question.main_pidfd;
    const auto shared = std::make_shared<const EnterQuestion>(std::move(question));
    return planner.ask({.unit = shared->unit.name,
                        .patience = usual_patience,
                        .look =
                            [shared, &context] {
                                return answer_of(make_enter_plan(
                                    shared->unit, context, shared->main_pidfd, shared->request));
                            }},
                       [main_pidfd, &context, done = std::move(done)](PlanMessage answer) mutable {
                           auto plan = unpack_plan(std::move(answer));
                           if (plan) plan->join_pidfd = main_pidfd;
                           if (plan && (*plan)->child.has_reaper)
                               plan->reaper_program = context.reaper_program.get();
                           done(std::move(plan));
                       });
}

}  // namespace confinit
