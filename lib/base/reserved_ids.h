// SPDX-License-Identifier: Apache-2.0
// The ids that confinit keeps for itself: the greatest ones, which no account has.
#pragma once

#include <sys/types.h>

namespace confinit {

// Of PID 1 and its helpers, see supervisor/own_user.h.
inline constexpr uid_t own_user = ~uid_t{0} - 2;

// Of what belongs to nobody. (uid_t)-1 itself changes nothing in chown(2).
inline constexpr uid_t nobodys_id = ~uid_t{0} - 1;

}  // namespace confinit
