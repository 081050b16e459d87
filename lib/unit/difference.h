// SPDX-License-Identifier: Apache-2.0
// The difference between two readings of one unit, key by key.
#pragma once

#include "unit/unit.h"

#include <string>
#include <vector>

namespace confinit {

// The keys that one of the units gives and the other does not, or gives otherwise, sorted. A table
// is left out where a key below it says more. Values are compared as they are written: "64M" and
// "65536K" differ.
std::vector<std::string> differing_keys(const Unit& one, const Unit& other);

}  // namespace confinit
