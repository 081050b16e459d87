// SPDX-License-Identifier: Apache-2.0
// Unit filter: the system call policy of a whole unit, with its presets and its container's
// profile.
#pragma once

#include "base/result.h"
#include "kernel/syscall_filter.h"
#include "unit/unit.h"

#include <optional>

namespace confinit {

// The bounding set that a unit comes to have, where this one is the supervisor's own: its declared
// one or the supervisor's, of what is there, without what its presets take away.
CapabilityMask planned_bounding(const Unit& unit, CapabilityMask supervisors);

// Absent for a unit without a filter. `bounding` is the unit's, for the conditions of a profile.
Result<std::optional<SyscallPolicy>> make_unit_policy(const Unit& unit, CapabilityMask bounding);

}  // namespace confinit
