// SPDX-License-Identifier: Apache-2.0
// The words that unit files and containers' profiles share: names of errors.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace confinit {

// "EPERM" -> 1; absent for what is no name of an error.
std::optional<int> error_number(std::string_view name);

// Every name, for suggestions.
std::vector<std::string_view> error_names();

}  // namespace confinit
