// SPDX-License-Identifier: Apache-2.0
// The unit that a call is about.
#pragma once

#include "base/json_text.h"

#include <string>

namespace confinit {

// The parameter "unit" as the unit's own name: people write "web.toml" as well. Whoever judges a
// call and whoever acts on it read the name here, or one of them could mean another unit. Empty
// where the call names none.
std::string unit_parameter(const Json& parameters);

}  // namespace confinit
