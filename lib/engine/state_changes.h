// SPDX-License-Identifier: Apache-2.0
// The changes of state that one call of the engine tells: one for each unit.
#pragma once

#include "engine/types.h"

namespace confinit::engine {

// The state in the engine is the last one that a unit has come into. An earlier change in the same
// call has no length, and would only tell that last state twice.
Actions tell_changes_once(Actions actions);

}  // namespace confinit::engine
