// SPDX-License-Identifier: Apache-2.0
// Where this machine has cgroup v2.
#pragma once

#include "base/result.h"

#include <string>

namespace confinit {

// The directory where cgroup v2 is mounted.
Result<std::string> find_cgroup_mount();

}  // namespace confinit
