// SPDX-License-Identifier: Apache-2.0
// The ids that confinit keeps for itself: the greatest ones, which no account has.
#pragma once

#include <sys/types.h>

namespace confinit {

// Of helpers that read what strangers write, user and group.
inline constexpr uid_t helpers_user = ~uid_t{0} - 3;

// Of PID 1 and its workers, see supervisor/own_user.h.
inline constexpr uid_t own_user = ~uid_t{0} - 2;

// Of what belongs to nobody. (uid_t)-1 itself changes nothing in chown(2).
inline constexpr uid_t nobodys_id = ~uid_t{0} - 1;

// These and all above.
inline constexpr uid_t first_reserved_id = helpers_user;

}  // namespace confinit
