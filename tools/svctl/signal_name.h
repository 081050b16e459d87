// SPDX-License-Identifier: Apache-2.0
// Signals by the names that signal(7) gives them.
#pragma once

#include <optional>
#include <string_view>

namespace confinit {

// "SIGTERM", "TERM" or "15", in any case; absent for what is no signal.
std::optional<int> parse_signal(std::string_view text);

}  // namespace confinit
