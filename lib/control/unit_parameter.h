// SPDX-License-Identifier: Apache-2.0
// The unit that a call is about.
#pragma once

#include "base/json_text.h"

#include <string>

namespace confinit {

// The parameter "unit" as the unit's own name: people write "web.toml" as well. One who judges a
// call and one who acts on it both read the name here, or they could mean two units. Empty where
// the call names none.
std::string unit_parameter(const Json& parameters);

}  // namespace confinit
