// SPDX-License-Identifier: Apache-2.0
// Plan messages: a plan on its way from the process that has made it.
#pragma once

#include "base/parcel.h"
#include "launch/plan/plan.h"

#include <string>
#include <string_view>

namespace confinit {

Parcel pack(LaunchPlan plan);

// Without the values that are the machine's at each launch: `reaper_program` and `join_pidfd`.
Result<LaunchPlan> unpack_plan(Parcel parcel);

std::string pack(const CgroupConfig& config);
Result<CgroupConfig> unpack_config(std::string_view bytes);

}  // namespace confinit
