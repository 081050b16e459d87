// SPDX-License-Identifier: Apache-2.0
// Origins: which place of a unit's files gives a value, and which values count for nothing.
#pragma once

#include "unit/unit.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// "heat.toml:12".
std::string place_text(const Location& location);

// Where a unit names another one in its list `key`, such as "unit.requires". A group that it is in
// and a unit whose namespace it joins stand in unit.requires and unit.after without being written
// there: then the key is another.
struct Naming {
    std::string key;
    Location place;
};
Naming find_naming(const Unit& unit, std::string_view key, std::size_t index,
                   std::string_view name);

// The keys that another file than the main one gives, each with the place of its value; a list that
// several files add to has the places of all its elements.
std::map<std::string, std::string> origins_in_drop_ins(const Unit& unit);

// The values that a later file gives again, a line each:
// "cgroup.memory.max of heat.toml:12 is overridden by heat.toml.d/50-set.toml:3".
std::vector<std::string> overridden_values(const Unit& unit);

// Those of them that `before`, an earlier reading of the unit, does not give: somebody has written
// them and nothing has changed by it. A line each, with what would let the value count.
std::vector<std::string> edits_without_effect(const Unit& before, const Unit& now);

}  // namespace confinit
