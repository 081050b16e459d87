// SPDX-License-Identifier: Apache-2.0
// A plan in words: what a launch will do, in the order in which it is done.
#pragma once

#include "launch/plan/plan.h"

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct PlanLine {
    std::string_view step;  // "mounts", by the name of its LaunchStage where it is the child's
    std::string what;       // "tmpfs on /tmp (size=64M, nosuid, nodev)"
    std::string key;        // "mounts.private_tmp"; empty where no key asks for it
};

// Whatever differs from doing nothing. The values of one run are no part of a plan, and not here.
std::vector<PlanLine> plan_lines(const Plan& plan);

}  // namespace confinit
