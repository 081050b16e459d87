// SPDX-License-Identifier: Apache-2.0
// Profile policy: what a container's seccomp profile answers to each system call, once its
// conditions are settled.
//
// The result is that of the containers' runtimes, which hand the profile to libseccomp:
// - A group of calls applies whose "includes" hold and of whose "excludes" nothing holds.
// - Of the rules of one call, one that answers the default action is left out. The first without
//   arguments decides for all arguments. Of the others the order in the file counts for nothing:
//   where several hold, the one with the higher argument wins; at one argument an equality wins
//   over an upper bound and that over a lower bound; and then the greater number, or the lesser one
//   of an upper bound.
// - Several conditions on one argument in one rule are rules of their own, of which one is enough.
// - Calls that are newer than every call that the profile speaks of answer ENOSYS, unless its
//   default lets calls through, so that a libc falls back from what the profile's author could not
//   know.
//
// Two things are stricter than libseccomp: another architecture than the machine's own is killed,
// unless the unit declares it, and an argument that the kernel cuts is compared as the kernel sees
// it. Of the calls of 32-bit programs, one with rules on arguments that a filter does not find in
// their places answers ENOSYS.
#pragma once

#include "launch/call_table.h"
#include "unit/seccomp_profile.h"

namespace confinit {

// The conditions of a profile ask for this.
struct ProfileContext {
    CapabilityMask bounding = 0;
    KernelVersion kernel;
};

// The version of uname(2).
KernelVersion running_kernel();

CallTable make_profile_table(const SeccompProfile& profile, const ProfileContext& context,
                             SyscallAbi abi);

// The profile alone, for the machine's own calls.
SyscallPolicy make_profile_policy(const SeccompProfile& profile, const ProfileContext& context);

}  // namespace confinit
