// SPDX-License-Identifier: Apache-2.0
// The user id of PID 1 and its helpers, beside the effective one.
#include "own_user.h"

#include "kernel/capability_set.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr uid_t keep = ~uid_t{0};

}  // namespace

void take_own_user() {
    if (geteuid() != 0 || !holds_capability(CAP_KILL)) return;
    (void)setresuid(own_user, keep, own_user);
}

bool has_own_user() {
    return getuid() == own_user;
}

// Without the bit a change of the effective id from 0 takes the effective capabilities away, and
// with them the way back.
AsOwnUser::AsOwnUser() : before_(geteuid()), securebits_(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0)) {
    if (before_ != 0 || securebits_ < 0 || !holds_capability(CAP_SETUID)) securebits_ = -1;
    if (securebits_ < 0) return;
    if (prctl(PR_SET_SECUREBITS, securebits_ | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0) {
        securebits_ = -1;
        return;
    }
    (void)setresuid(keep, own_user, keep);
}

AsOwnUser::~AsOwnUser() {
    if (securebits_ < 0) return;
    (void)setresuid(keep, before_, keep);
    (void)prctl(PR_SET_SECUREBITS, securebits_, 0, 0, 0);
}

}  // namespace confinit
