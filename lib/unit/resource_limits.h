// SPDX-License-Identifier: Apache-2.0
// The names of the limits of setrlimit(2), as process.rlimits has them.
#pragma once

#include <string_view>
#include <vector>

namespace confinit {

std::vector<std::string_view> resource_limit_names();

}  // namespace confinit
