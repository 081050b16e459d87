// SPDX-License-Identifier: Apache-2.0
// `svctl status` without a unit: the machine as a whole.
#pragma once

#include "base/json_text.h"
#include "svctl/context.h"

#include <chrono>
#include <string>

namespace confinit {

// From the replies of List and Version: "state" is starting, degraded or running, beside counts of
// the units by their state, those that have failed, and those that are on their way.
Json overview_json(const Json& units, const Json& version);

std::string overview_text(const Context& context, const Json& overview,
                          std::chrono::microseconds uptime);

}  // namespace confinit
