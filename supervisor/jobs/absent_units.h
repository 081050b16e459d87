// SPDX-License-Identifier: Apache-2.0
// Units that are not there: those that others name, and files that nobody has loaded yet.
#pragma once

#include "control/message.h"
#include "supervisor/jobs/manager.h"

#include <string>
#include <vector>

namespace confinit {

// The units that this one requires or wants and that have no unit file, a line each:
// "web.toml:3:9: unit.wants: there is no unit 'gone'".
std::vector<std::string> absent_dependencies(const Manager& manager, const Unit& unit);

// The UnitSummary of a unit on disk that does not load, and of which no older version is loaded.
Json broken_summary(const std::string& name, const std::vector<std::string>& problems);

// The UnitSummary of each unit whose file came after the units were loaded. Only the first few of
// these files are read for their faults, since nobody has asked for them.
std::vector<Json> unread_summaries(const Manager& manager);

}  // namespace confinit
