// SPDX-License-Identifier: Apache-2.0
// Planning of a unit: what its next run or group begins with, asked of the planner.
#pragma once

#include "launch/plan/plan.h"
#include "supervisor/helpers/planner.h"

#include <functional>
#include <memory>
#include <optional>

namespace confinit {

struct Planned {
    Unit unit;                         // with its id maps settled
    std::shared_ptr<LaunchPlan> plan;  // of a service
    CgroupConfig settings;             // of a group
};

// Time has passed since it was planned, and it may be to blame for a failure.
inline void age(Planned& planned) {
    if (planned.plan) planned.plan->is_old = true;
}

// Called once from the loop, unless the question is cancelled.
using PlannedDone = std::move_only_function<void(Result<Planned> planned)>;

Planner::Id plan_unit(Planner& planner, const LaunchContext& context, Unit unit, PlannedDone done);

using EnterPlanDone = std::move_only_function<void(Result<LaunchPlan> plan)>;

// The plan of a command that enters this run, whose main process it joins.
struct EnterQuestion {
    Unit unit;
    int main_pidfd;
    EnterRequest request;
};
Planner::Id plan_enter(Planner& planner, const LaunchContext& context, EnterQuestion wanted,
                       EnterPlanDone done);

}  // namespace confinit
