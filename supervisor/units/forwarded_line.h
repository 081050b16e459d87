// SPDX-License-Identifier: Apache-2.0
// The text of a unit's line on the supervisor's own output.
#pragma once

#include "supervisor/units/log_ring.h"
#include "unit/unit.h"

#include <string>
#include <string_view>

namespace confinit {

// Empty for LogForm::none. Bytes of the line stay as they are, but for json, where what is no UTF-8
// becomes U+FFFD. The parts of a cut line are lines of their own, with a '+' after the prefix of
// those that continue; raw puts them together again.
std::string forwarded_text(LogForm form, std::string_view unit, const LogLine& line);

}  // namespace confinit
