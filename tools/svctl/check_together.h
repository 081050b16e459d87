// SPDX-License-Identifier: Apache-2.0
// Checks of several units together: names that are no unit's, and cycles of order.
#pragma once

#include "unit/problem.h"
#include "unit/unit.h"
#include "unit/vocabulary.h"

#include <span>
#include <string>
#include <vector>

namespace confinit {

// The faults of one unit that show only beside the others.
struct Together {
    std::vector<Problem> problems;
    std::vector<std::string> warnings;
};

// For each of these units, in their order, beside all units of the directories that load; one that
// is among these stands in place of one of the same name there.
std::vector<Together> check_together(std::span<const Unit> units,
                                     std::span<const std::string> directories,
                                     const Vocabulary& vocabulary);

}  // namespace confinit
