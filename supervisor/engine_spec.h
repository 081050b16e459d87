// SPDX-License-Identifier: Apache-2.0
// What the engine has to know of a unit.
#pragma once

#include "engine/types.h"
#include "unit/unit.h"

namespace confinit {

engine::UnitSpec make_engine_spec(const Unit& unit);

}  // namespace confinit
