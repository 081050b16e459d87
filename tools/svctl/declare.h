// SPDX-License-Identifier: Apache-2.0
// Declarations that several verbs share: a list of units, and the verbs that only run a job.
#pragma once

#include "control/protocol.h"
#include "svctl/verbs.h"

#include <string>
#include <vector>

namespace confinit {

// One or more UNIT arguments.
OptionDetails& add_units(Syntax& syntax, std::vector<std::string>& units);

// A verb that calls a method with nothing but the unit, for each of its units.
VerbAction declare_unit_job(Syntax& syntax, Method method);

// A verb without arguments that calls a method without parameters and results.
VerbAction declare_machine_job(Method method);

}  // namespace confinit
