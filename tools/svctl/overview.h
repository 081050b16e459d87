// SPDX-License-Identifier: Apache-2.0
// `svctl status` without a unit: the machine as a whole.
#pragma once

#include "base/json_text.h"
#include "svctl/context.h"

#include <chrono>
#include <string>

namespace confinit {

// From the replies of List and Version: "state" is starting, degraded (a unit has failed, or
// differs from what it declares) or running, beside counts of the units by their state, those that
// have failed, are on their way, and differ, with the keys.
Json overview_json(const Json& units, const Json& version);

std::string overview_text(const Context& context, const Json& overview,
                          std::chrono::microseconds uptime);

}  // namespace confinit
