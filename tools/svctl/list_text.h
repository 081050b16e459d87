// SPDX-License-Identifier: Apache-2.0
// The table of `svctl list`.
#pragma once

#include "control/message.h"
#include "svctl/context.h"

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The keys that a unit's texts "KEY: ..." of this name begin with, each once.
std::vector<std::string> keys_of_texts(const Json& unit, std::string_view name);

// `summaries` is an array of UnitSummary; the rows are sorted by name.
std::string list_text(const Context& context, const Json& summaries);

}  // namespace confinit
