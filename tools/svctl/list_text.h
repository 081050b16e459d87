// SPDX-License-Identifier: Apache-2.0
// The table of `svctl list`.
#pragma once

#include "control/message.h"
#include "svctl/context.h"

#include <string>

namespace confinit {

// `summaries` is an array of UnitSummary; the rows are sorted by name.
std::string list_text(const Context& context, const Json& summaries);

}  // namespace confinit
