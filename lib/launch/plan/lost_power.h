// SPDX-License-Identifier: Apache-2.0
// Lost power: a set-user-ID program, or one with file capabilities, that will not have what its
// file promises.
#pragma once

#include "launch/plan/plan.h"
#include "launch/plan/service_view.h"

#include <optional>
#include <string>

namespace confinit {

// The warning, with the key before it; absent when nothing is lost, or nothing is
// known of the program's file.
std::optional<std::string> find_lost_power(const LaunchPlan& plan, const ServiceView& view);

}  // namespace confinit
