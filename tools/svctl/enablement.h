// SPDX-License-Identifier: Apache-2.0
// Enablement: the drop-ins by which other units want or require a unit, made and taken away.
#pragma once

#include "svctl/request.h"
#include "svctl/unit_places.h"
#include "unit/vocabulary.h"

#include <string>
#include <vector>

namespace confinit {

// The files that were changed, and notes for the caller.
struct Enablement {
    std::vector<std::string> created;
    std::vector<std::string> removed;
    std::vector<std::string> notes;
};

// Writes TARGET.toml.d/50-UNIT.toml for each unit that the unit's wanted_by and required_by name.
// One that the target would not load with is taken away again.
Answer<Enablement> enable_unit(const UnitTree& tree, const std::string& unit,
                               const Vocabulary& vocabulary);

// Takes away all files that enable_unit() has made for this unit, and no others.
Answer<Enablement> disable_unit(const UnitTree& tree, const std::string& unit,
                                const Vocabulary& vocabulary);

}  // namespace confinit
