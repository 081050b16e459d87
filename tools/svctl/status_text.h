// SPDX-License-Identifier: Apache-2.0
// What `svctl status` says about one unit, from the supervisor's UnitStatus.
#pragma once

#include "control/message.h"
#include "svctl/context.h"

#include <chrono>
#include <string>

namespace confinit {

// `now` is the time of CLOCK_BOOTTIME, from which ages are counted.
std::string status_text(const Context& context, const Json& status, std::chrono::microseconds now);

}  // namespace confinit
