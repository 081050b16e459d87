// SPDX-License-Identifier: Apache-2.0
// The keys that a unit can be given anew while it runs: the limits of [cgroup].
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace confinit {

// The key that a person means: "cgroup.memory.max" or "memory.max". Of another word the error says
// why it cannot be changed, and the nearest key that can.
Result<std::string> find_limit_key(std::string_view word);

}  // namespace confinit
