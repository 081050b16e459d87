// SPDX-License-Identifier: Apache-2.0
// Lines of a unit's output as `svctl logs` and `svctl status` show them.
#pragma once

#include "control/message.h"
#include "svctl/context.h"

#include <string>

namespace confinit {

// `lines` is an array of LogLine. A line of standard error has "!" in place of "|" between its
// time and its text. A part that continues the line before it has "+" beside that.
std::string log_text(const Context& context, const Json& lines);

}  // namespace confinit
