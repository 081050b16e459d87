// SPDX-License-Identifier: Apache-2.0
// The facts of a unit that the engine has to know.
#pragma once

#include "engine/types.h"
#include "unit/unit.h"

#include <string>
#include <string_view>

namespace confinit {

// `group` is the one that the unit lives in at present, which may be another one than it names
// since it was loaded anew; empty for none. As long as that is so, the unit needs both.
engine::UnitSpec make_engine_spec(const Unit& unit, const std::string& group);

// Whether only the engine asks for this key, so that a loaded value holds at once, also for a run
// that has begun before.
bool is_engine_key(std::string_view key);

}  // namespace confinit
