// SPDX-License-Identifier: Apache-2.0
// The paths that a launch would not find, told from its plan.
#pragma once

#include "launch/plan.h"

#include <vector>

namespace confinit {

// The sources and targets of mounts that are not there, a working directory that is none, and
// directories of the service that are another's. What the launch makes itself is taken to be there,
// and so is what may come at run time: below /run, and on file systems that only the launch brings.
std::vector<LaunchFailure> missing_paths(const LaunchPlan& plan);

}  // namespace confinit
