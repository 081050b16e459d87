// SPDX-License-Identifier: Apache-2.0
// What the keys of [cgroup] have in common: each becomes a file of the unit's node.
#pragma once

#include "unit/unit.h"
#include "unit/value.h"

#include <string>
#include <string_view>

namespace confinit {

inline constexpr std::string_view kernel_document = "Documentation/admin-guide/cgroup-v2.rst";
inline constexpr std::string_view switch_form = "true or false, or 1 or 0";
inline constexpr std::string_view bytes_form =
    "a size such as \"64M\" or a number of bytes, or \"max\"";

bool is_text(const Value& value, std::string_view word);

// Bytes or "max".
void read_bytes(const Value& value, Unit& unit);

// A file that holds 0 or 1.
void read_switch(const Value& value, Unit& unit);

// One text to write into the file that the key is called after.
void add_setting(Unit& unit, const Value& value, std::string kernel_text);

}  // namespace confinit
