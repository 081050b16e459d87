// SPDX-License-Identifier: Apache-2.0
// MissingPaths: the paths that a launch would not find, by its plan.
#pragma once

#include "launch/plan/plan.h"

#include <vector>

namespace confinit {

// The sources and targets of mounts that are not there or do not fit, a terminal or a working
// directory that is none, directories of the service that are another's, and a program that the
// mounts cover or forbid to execute. A path that the launch makes itself is no missing one, nor is
// one that may come at run time: below /run, or on a file system of the launch that is not empty.
std::vector<Error> missing_paths(const LaunchPlan& plan);

}  // namespace confinit
