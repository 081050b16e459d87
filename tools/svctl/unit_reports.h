// SPDX-License-Identifier: Apache-2.0
// Verbs over several units: each unit has its report or its refusal, and the run one exit code.
#pragma once

#include "svctl/context.h"
#include "svctl/request.h"

#include <functional>
#include <optional>
#include <span>
#include <string>

namespace confinit {

// What a verb found out about one unit. `json` becomes the unit's entry in the document.
struct UnitReport {
    Json json = Json::object();
    std::string text;
    ExitCode code = ExitCode::done;
    std::optional<Refusal> refusal = {};  // of what was to come after it; its code counts
};

using AskUnit = std::function<Answer<UnitReport>(const std::string& unit)>;

// Asks for one unit after another and prints the reports: texts with an empty line between them,
// or one document {"units": [{"unit": ..., ...}, ...]}. A refused unit has an "error" there, and
// the others are reported all the same. The exit code is that of the first unit that has not 0.
int report_units(const Context& context, std::span<const std::string> units, const AskUnit& ask);

// Calls a method that has no result but notes, for all units at once: over a connection each, so
// that units that take their time to stop do so together.
int run_jobs(const Context& context, std::span<const std::string> units, Method method,
             const Json& parameters = Json::object());

}  // namespace confinit
