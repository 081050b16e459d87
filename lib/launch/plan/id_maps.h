// SPDX-License-Identifier: Apache-2.0
// The id maps of a user namespace: settled where the unit names a range, and gone through.
#pragma once

#include "launch/plan/plan.h"

namespace confinit {

// Completes the unit's maps before its plan is made: from the supervisor's own map (identity), the
// context (private), /etc/subuid and /etc/subgid (subid), or from the user namespace that the unit
// joins: a process that is in it shows them. Other units are left as they are.
Status settle_id_maps(const LaunchContext& context, Unit& unit);

// The id as the supervisor's user namespace knows it; absent when the unit's maps have no place
// for it.
std::optional<std::uint32_t> outside_id(const std::vector<IdMap>& maps, std::uint32_t inside);

}  // namespace confinit
