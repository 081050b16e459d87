// SPDX-License-Identifier: Apache-2.0
// Hints: what an errno most likely means at a step of the launch, in one line.
#pragma once

#include "launch/child_plan.h"

#include <string_view>

namespace confinit {

// Empty where nothing is known beyond the errno.
std::string_view find_hint(const LaunchReport& report);

// The same for the mounts, where it also counts which of an op's two paths the failure is about.
std::string_view find_mount_hint(const LaunchReport& report);

}  // namespace confinit
