// SPDX-License-Identifier: Apache-2.0
// The verbs for probes: the states of units in a word each, and an exit status.
#pragma once

#include "svctl/context.h"
#include "svctl/exit_code.h"

#include <string>
#include <vector>

namespace confinit {

// Of these units, or, where there are none, of all that boot wants. 0 when all are active, 3 when
// one is not.
int report_readiness(const Context& context, const std::vector<std::string>& units);

}  // namespace confinit
