// SPDX-License-Identifier: Apache-2.0
// A plan in words: what a launch will do, in the order in which it is done.
#pragma once

#include "launch/plan/plan.h"

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// A step is asked for by the unit, by its key; by nobody, but a key of the unit would change it; or
// nobody, and it is done in every launch.
enum class PlanAsker { unit, fallback, launch };

struct PlanLine {
    std::string_view step;  // "mounts", by the name of its LaunchStage where it is the child's
    std::string what;       // "tmpfs on /tmp (size=64M, nosuid, nodev)"
    std::string key;        // "mounts.private_tmp"; empty where no key changes it
    PlanAsker asker = PlanAsker::launch;
};

// Each step of the launch of this unit. The values of one run are no part of a plan, and not here:
// of the ids that only the supervisor chooses the first is called FIRST.
std::vector<PlanLine> plan_lines(const Plan& plan, const Unit& unit);

}  // namespace confinit
