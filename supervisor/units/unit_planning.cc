// SPDX-License-Identifier: Apache-2.0
// Planning of a unit: what its next run or group begins with, asked of the planner.
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
        if (const Process* running = context.find_running(joined.unit))
            descriptors.push_back(running->pidfd().get());
    }
    return descriptors;
}

PlannerAnswer look_at_service(Unit unit, const LaunchContext& context) {
    TRY(settle_id_maps(context, unit));
    return pack(TRY(make_launch_plan(unit, context)));
}

PlannerAnswer look_at_group(const Unit& unit, const LaunchContext& context) {
    return Parcel{pack(TRY(make_cgroup_config(unit, context))), {}};
}

// The program of the reaper is PID 1's own descriptor.
Result<LaunchPlan> plan_of(PlannerAnswer answer, const LaunchContext& context) {
    Parcel parcel = TRY(std::move(answer));
    LaunchPlan plan = TRY(unpack_plan(std::move(parcel)));
    if (plan->child.has_reaper) plan.reaper_program = context.reaper_program.get();
    return plan;
}

Result<Planned> planned_service(PlannerAnswer answer, Unit unit, const LaunchContext& context) {
    LaunchPlan plan = TRY(plan_of(std::move(answer), context));
    if (plan->unit != unit.name)
        return std::unexpected(Error{.hint = "the planner has planned another unit"});
    unit.namespaces.uid_map = plan.ids.uid_map;
    unit.namespaces.gid_map = plan.ids.gid_map;
    unit.namespaces.allow_setgroups = plan.ids.allow_setgroups;
    return Planned{std::move(unit), std::make_shared<LaunchPlan>(std::move(plan)), {}};
}

Result<Planned> planned_group(PlannerAnswer answer, Unit unit) {
    const Parcel parcel = TRY(std::move(answer));
    CgroupConfig settings = TRY(unpack_config(parcel.bytes));
    return Planned{std::move(unit), nullptr, std::move(settings)};
}

Result<LaunchPlan> planned_command(PlannerAnswer answer, int main_pidfd,
                                   const LaunchContext& context) {
    LaunchPlan plan = TRY(plan_of(std::move(answer), context));
    plan.join_pidfd = main_pidfd;
    return plan;
}

}  // namespace

Planner::Id plan_unit(Planner& planner, const LaunchContext& context, Unit unit, PlannedDone done) {
    // The ids are given in PID 1, which keeps them, and found again in the planner.
    if (unit.namespaces.id_range == IdRange::separate && context.separate_ids)
        (void)context.separate_ids(unit.name);
    const auto shared = std::make_shared<const Unit>(std::move(unit));
    const bool is_service = shared->service.has_value();
    PlannerQuestion question{.unit = shared->name, .patience = patience_of(*shared)};
    question.look = [shared, &context, is_service] {
        return is_service ? look_at_service(*shared, context) : look_at_group(*shared, context);
    };
    question.descriptors = [shared, &context] {
        return descriptors_for(*shared, context);
    };
    return planner.ask(std::move(question), [shared, &context, is_service,
                                             done = std::move(done)](PlannerAnswer answer) mutable {
        done(is_service ? planned_service(std::move(answer), *shared, context)
                        : planned_group(std::move(answer), *shared));
    });
}

Planner::Id plan_enter(Planner& planner, const LaunchContext& context, EnterQuestion wanted,
                       EnterPlanDone done) {
    const int main_pidfd = wanted.main_pidfd;
    PlannerQuestion question{
        .unit = wanted.unit.name, .is_urgent = true, .patience = usual_patience};
    question.look = [wanted = std::move(wanted), &context]() -> PlannerAnswer {
        return pack(TRY(make_enter_plan(wanted.unit, context, wanted.main_pidfd, wanted.request)));
    };
    return planner.ask(std::move(question), [main_pidfd, &context,
                                             done = std::move(done)](PlannerAnswer answer) mutable {
        done(planned_command(std::move(answer), main_pidfd, context));
    });
}

}  // namespace confinit
