// SPDX-License-Identifier: Apache-2.0
// The ids that confinit keeps for itself: the greatest ones, which no account has.
#pragma once

#include <sys/types.h>

namespace confinit {

// Helpers that read what strangers write have it, as user and as group.
inline constexpr uid_t helpers_user = ~uid_t{0} - 3;

// PID 1 and its workers have it: see supervisor/machine/own_user.h.
inline constexpr uid_t own_user = ~uid_t{0} - 2;

// Nobody has it: the owner of files that none may open. The greatest number, (uid_t)-1, changes
// nothing in chown(2).
inline constexpr uid_t nobodys_id = ~uid_t{0} - 1;

// These and all above.
inline constexpr uid_t first_reserved_id = helpers_user;

}  // namespace confinit
