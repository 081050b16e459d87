// SPDX-License-Identifier: Apache-2.0
// FixedIdentity of the supervisor: the one that all of its services have, where it can give no
// other.
#pragma once

#include "launch/plan/plan.h"

#include <optional>

namespace confinit {

// Our ids and groups, where we cannot change our groups.
std::optional<FixedIdentity> fixed_identity();

}  // namespace confinit
