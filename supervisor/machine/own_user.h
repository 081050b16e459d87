// SPDX-License-Identifier: Apache-2.0
// The user id of PID 1 and its helpers, beside the effective one.
//
// A service of user 0 without capabilities is the same user as PID 1, whatever its unit takes away.
// kill(2) and prlimit(2) compare the sender's ids with the real and the saved one of the target,
// and the kernel counts the watches of epoll(7) for each real id, those of inotify(7) for each
// effective one. So with an id of its own PID 1 is neither stopped nor starved by such a service,
// while files and /proc see its effective id, which stays.
#pragma once

#include "base/reserved_ids.h"

#include <sys/types.h>

namespace confinit {

// Makes `own_user` the real and the saved id of a supervisor that is root. Nothing happens without
// CAP_KILL, since others who hold just what we hold could not signal us any more, nor where the id
// is not mapped in our user namespace.
void take_own_user();

// For a helper that reads what strangers write: it gets an id that owns nothing, no group, and no
// right to come. It allocates nothing. The ids stay in an ordinary user's supervisor, whose
// services run as its own user.
void give_up_all_rights();

// As long as it lives it is the effective id as well, with all capabilities, where we may do that.
// Files that we make meanwhile belong to it, and root without capabilities may not write them.
class AsOwnUser {
public:
    AsOwnUser();
    AsOwnUser(const AsOwnUser&) = delete;
    AsOwnUser& operator=(const AsOwnUser&) = delete;
    ~AsOwnUser();
    explicit operator bool() const { return securebits_ >= 0; }

private:
    uid_t before_;
    int securebits_;
};

}  // namespace confinit
