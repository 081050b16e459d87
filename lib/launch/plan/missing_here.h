// SPDX-License-Identifier: Apache-2.0
// Missing here: what a unit lacks to run on this machine and kernel, without starting anything.
#pragma once

#include "launch/plan/plan.h"

#include <vector>

namespace confinit {

// Everything that the unit needs and this machine lacks, as a launch would tell it one by one:
// namespaces, controllers, the filter, then what its plan is refused for (users, programs, ids), or
// else the paths that the child would not find. It reads /proc, /sys and the unit's root, and it
// assumes that a unit whose namespaces are joined runs.
std::vector<Error> missing_here(Unit unit, const LaunchContext& context);

}  // namespace confinit
