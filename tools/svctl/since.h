// SPDX-License-Identifier: Apache-2.0
// --since: a point in time as people write it.
#pragma once

#include "svctl/verbs.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// Microseconds of the real-time clock: "10min" is that long before now; "2026-11-28 14:03:22",
// "2026-11-28" and "14:03" (of today) are in the local time zone.
std::optional<std::chrono::microseconds> parse_since(std::string_view text,
                                                     std::chrono::microseconds now);

// The option, which takes what parse_since() reads; and the time that its text says, 0 for none.
void add_since(Syntax& syntax, std::string& text);
std::chrono::microseconds since_of(const std::string& text);

}  // namespace confinit
