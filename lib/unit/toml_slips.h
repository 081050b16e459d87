// SPDX-License-Identifier: Apache-2.0
// The commonest slips of those who write TOML by hand, in words that say how it is written.
#pragma once

#include "unit/document.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

struct TomlSlip {
    Position position;
    std::string key;  // that it is about, "cgroup.memory.max"; may be empty
    std::string message;
};

// The slip at the place where the parser has stopped, by the text that stands there; absent when it
// is none of those that are known here.
std::optional<TomlSlip> find_slip(std::string_view text, Position stopped);

}  // namespace confinit
