// SPDX-License-Identifier: Apache-2.0
// The answer of `svctl set` and `svctl revert`: which values hold, and which file says so.
#pragma once

#include "control/message.h"
#include "svctl/context.h"

#include <string>

namespace confinit {

// A line for each value of the supervisor's answer: "cgroup.memory.max = 96M, kept in FILE".
std::string limit_text(const Context& context, const Json& answer);

}  // namespace confinit
