// SPDX-License-Identifier: Apache-2.0
// Units that are not there: those that others name, and files that nobody has loaded yet.
#pragma once

#include "control/message.h"
#include "manager.h"

#include <string>
#include <vector>

namespace confinit {

// What the unit requires or wants and what no unit file is there for, a line each:
// "unit.wants: there is no unit 'gone'".
std::vector<std::string> absent_dependencies(const Manager& manager, const Unit& unit);

// What a list says of a unit on disk that does not load, and that no older version is loaded of.
Json broken_summary(const std::string& name, const std::vector<std::string>& problems);

// And of those whose file came after the units were loaded. What is wrong with such a file is told
// of the first few only, since nobody has asked for it.
std::vector<Json> unread_summaries(const Manager& manager);

}  // namespace confinit
