// SPDX-License-Identifier: Apache-2.0
// Optional keys: the part of a unit that is left out where it cannot be had.
#pragma once

#include "base/result.h"
#include "unit/unit.h"

#include <span>
#include <string>

namespace confinit {

// The optional key that the failure is one of, or the part of it that can be left out; empty for
// none. `left_out` is what the unit does without already.
std::string key_to_leave_out(const Unit& unit, const Error& failure,
                             std::span<const std::string> left_out);

}  // namespace confinit
