// SPDX-License-Identifier: Apache-2.0
// Checks of a whole unit: what single keys cannot know, such as that one key needs another.
#pragma once

#include "unit/problem.h"
#include "unit/unit.h"
#include "unit/vocabulary.h"

#include <string_view>

namespace confinit {

// For mounts.root = "/", and a link that leads there.
inline constexpr std::string_view host_root_fault =
    "is the host's root, which the service has without this key: leave it out";

// Reports contradictions to `problems`, adds what is unlikely to be meant to the unit's warnings,
// and settles defaults that depend on other keys. A key that was refused already is left alone.
void check_unit(Unit& unit, ProblemList& problems, const Vocabulary& vocabulary);

}  // namespace confinit
