// SPDX-License-Identifier: Apache-2.0
// UnitTexts: all that the files of one unit hold, so that it can be made again without reading any.
#pragma once

#include "unit/problem.h"
#include "unit/seccomp_profile_file.h"
#include "unit/vocabulary.h"

#include <string>
#include <vector>

namespace confinit {

struct UnitText {
    std::string path;
    std::string text;
};

struct UnitTexts {
    std::string name;
    std::vector<UnitText> files;  // the main file, then its drop-ins in their order
    ProfileTexts profiles;
    std::vector<std::string> warnings;  // about other files beside them
    bool are_owners_checked = false;
};

// As load_unit() has made it of the same texts.
Checked<Unit> unit_of(const UnitTexts& texts, const Vocabulary& vocabulary);

}  // namespace confinit
