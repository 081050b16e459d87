// SPDX-License-Identifier: Apache-2.0
// The members of the tables that say what is mounted where.
#pragma once

#include "unit/forms.h"
#include "unit/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

inline std::optional<std::string> required_path(const Value& table, std::string_view name) {
    const auto path = table.member(name, path_form);
    if (path) return read_plain_path(*path);
    table.miss(name);
    return std::nullopt;
}

// A member that may be left out: `target` keeps its default then. False when it is wrong.
template <class Target, class Read>
bool read_member(const Value& table, std::string_view name, std::string_view form, Target& target,
                 Read read) {
    const auto member = table.member(name, form);
    if (!member) return true;
    auto value = read(*member);
    if (!value) return false;
    target = *value;
    return true;
}

}  // namespace confinit
