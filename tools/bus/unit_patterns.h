// SPDX-License-Identifier: Apache-2.0
// Names against patterns with * and ?, in a time that no pattern can make long.
#pragma once

#include <string_view>

namespace confinit {

bool fits_pattern(std::string_view pattern, std::string_view text);

}  // namespace confinit
