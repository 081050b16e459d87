// SPDX-License-Identifier: Apache-2.0
// The user id of PID 1 and its helpers, beside the effective one.
#include "supervisor/machine/own_user.h"

#include "kernel/capability_set.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr uid_t keep = ~uid_t{0};

// PID 1 keeps its capabilities, and each launch asks.
bool may_become_own_user() {
    static const bool may = holds_capability(CAP_SETUID) && holds_capability(CAP_DAC_OVERRIDE);
    return may;
}

// A change of ids sets what fs.suid_dumpable says: proc(5).
void be_untraceable() {
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

void take_own_user() {
    if (geteuid() != 0 || !holds_capability(CAP_KILL)) return;
    (void)setresuid(own_user, keep, own_user);
    be_untraceable();
}

// By system calls of their own: in the C library the threads of a process are asked to follow.
void give_up_all_rights() {
    (void)syscall(SYS_setgroups, 0, nullptr);
    (void)syscall(SYS_setresgid, helpers_user, helpers_user, helpers_user);
    (void)syscall(SYS_setresuid, helpers_user, helpers_user, helpers_user);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    be_untraceable();
}

// Without the bit a change of the effective id from 0 takes the effective capabilities away, and
// with them the way back.
AsOwnUser::AsOwnUser() : before_(geteuid()), securebits_(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0)) {
    if (before_ != 0 || !may_become_own_user()) securebits_ = -1;
    if (securebits_ < 0) return;
    bool is_taken = prctl(PR_SET_SECUREBITS, securebits_ | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0;
    if (is_taken && setresuid(keep, own_user, keep) < 0) {
        // Our user namespace has no such id.
        (void)prctl(PR_SET_SECUREBITS, securebits_, 0, 0, 0);
        is_taken = false;
    }
    if (!is_taken) securebits_ = -1;
    be_untraceable();
}

AsOwnUser::~AsOwnUser() {
    if (securebits_ < 0) return;
    (void)setresuid(keep, before_, keep);
    be_untraceable();
    (void)prctl(PR_SET_SECUREBITS, securebits_, 0, 0, 0);
}

}  // namespace confinit
