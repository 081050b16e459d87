// SPDX-License-Identifier: Apache-2.0
// The first look goes to each path that a launch will go to, and tells nothing of it.
//
// A path that does not answer is to keep the planner, whose wait is bounded and explained. It would
// keep the child as well, which may then be past all killing.
#pragma once

#include "launch/plan/plan.h"
#include "launch/plan/service_view.h"

namespace confinit {

void take_first_look(const LaunchPlan& plan, const ServiceView& service);

}  // namespace confinit
