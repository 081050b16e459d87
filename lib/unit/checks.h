// SPDX-License-Identifier: Apache-2.0
// Checks of a whole unit: what single keys cannot know, such as that one key needs another.
#pragma once

#include "unit/problem.h"
#include "unit/unit.h"
#include "unit/vocabulary.h"

namespace confinit {

// Reports contradictions to `problems`, adds what is unlikely to be meant to the unit's warnings,
// and settles defaults that depend on other keys. A key that was refused already is left alone.
void check_unit(Unit& unit, ProblemList& problems, const Vocabulary& vocabulary);

}  // namespace confinit
