// SPDX-License-Identifier: Apache-2.0
// The user id of PID 1's helpers.
#pragma once

#include <sys/types.h>

namespace confinit {

// Nobody else's id: kill(2) and prlimit(2) compare the sender's ids with the real and the saved one
// of the process, so that a service of user 0 without CAP_KILL cannot stop a helper with this one.
inline constexpr uid_t helper_user = ~uid_t{0} - 2;

}  // namespace confinit
