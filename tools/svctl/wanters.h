// SPDX-License-Identifier: Apache-2.0
// Wanters: the units that want or require another one, and the file that says so or takes it back.
#pragma once

#include "svctl/unit_places.h"
#include "unit/unit.h"
#include "unit/vocabulary.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// A unit that names the other one, by what key, and where.
struct Wanter {
    std::string unit;
    std::string key;  // "unit.wants", "unit.requires" or "cgroup.group"
    Location place;
};

// The units that load and are no templates count.
std::vector<Wanter> find_wanters(const UnitTree& tree, const std::string& unit,
                                 const Vocabulary& vocabulary);

// "'default' still wants it: /etc/.../70-u.toml:2".
std::string still_wanted_text(const Wanter& wanter);

// Why a drop-in `file` of `target`, which lets it want or require `unit` by `key`, has no effect;
// absent when it has.
std::optional<std::string> why_without_effect(const Unit& target, std::string_view key,
                                              const std::string& unit, const std::string& file);

}  // namespace confinit
