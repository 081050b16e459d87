// SPDX-License-Identifier: Apache-2.0
// The same launches by a launcher, where CONFINIT_LAUNCH_BY=launcher asks for that.
#pragma once

#include "../spawn.h"

namespace confinit::testing {

// Whether it is asked for; then there is one process more.
bool is_by_launcher();

// As spawn(): a copy of this process, or by a launcher that finds it as it is now.
Result<Spawned> spawn_either_way(const LaunchPlan& plan, int node, Streams streams,
                                 CloneMethod method);

}  // namespace confinit::testing
