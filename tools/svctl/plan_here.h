// SPDX-License-Identifier: Apache-2.0
// Plans as a supervisor on this machine, with our rights, would make them.
#pragma once

#include "launch/plan/plan.h"

#include <functional>

namespace confinit {

// Calls with a context of which nothing outlives the call.
void with_context_here(const std::function<void(const LaunchContext& context)>& call);

}  // namespace confinit
