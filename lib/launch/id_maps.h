// SPDX-License-Identifier: Apache-2.0
// The id maps of a user namespace where the unit names a range in place of writing them.
#pragma once

#include "launch/plan.h"

namespace confinit {

// Completes the unit's maps before its plan is made: from the supervisor's own map (identity), the
// context (private), /etc/subuid and /etc/subgid (subid), or from the user namespace that the unit
// joins, which a process of our own visits for that. Other units are left as they are.
LaunchStatus settle_id_maps(const LaunchContext& context, Unit& unit);

}  // namespace confinit
