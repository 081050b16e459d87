// SPDX-License-Identifier: Apache-2.0
// Seccomp policy: a unit's [seccomp] lists become one decision for each known system call.
#pragma once

#include "base/result.h"
#include "kernel/syscall_filter.h"
#include "launch/call_table.h"
#include "unit/unit.h"

#include <cerrno>
#include <linux/seccomp.h>
#include <string_view>

namespace confinit {

// A denied call answers its entry's action; without one the default, or EPERM where the default
// lets calls through. An allowed call answers its entry's action, or is allowed. Every other known
// call answers the default. Deny wins over allow. Within one list, a call's own entry wins over the
// sets that hold it; of several sets, or several entries of its own, the most restrictive action
// wins, by the kernel's order for several filters (seccomp(2)).
//
// A number that no table knows answers ENOSYS whatever the default is, x32 numbers among them. A
// kernel newer than the tables may have a new call that does what a denied one does, so letting it
// through would be a hole; and ENOSYS makes a program fall back on a call that the lists speak of,
// where an error or a kill would break programs on a mere update of the kernel or libc. For the
// same reason clone3(2) answers ENOSYS where it is not let through but clone(2) is, unless an entry
// gives clone3 an action of its own: a filter cannot see clone3's flags.
//
// A rule of seccomp.rules that holds wins over both lists and the default. Then the doors around
// what is denied are closed (seccomp_doors.h), and last the unit's restrictions take from what is
// let through (seccomp_restrictions.h). All of it is done once for the native calls and, where they
// are declared, once for those of 32-bit programs, by their own names and numbers.
//
// A container's profile stands in the place of the default, and decides what the lists and rules
// leave to it, with the conditions of launch/profile_policy.h; `bounding` is the unit's capability
// bounding set, of which these speak.
//
// An entry that only other architectures know is ignored. It is an error ("seccomp.allow[2]: ...")
// when an entry is no system call or set, when an action's errno is not within 1 to 4095, or when
// execve(2), which the launch makes under the filter, is not let through.
Result<SyscallPolicy> make_policy(const SeccompConfig& config, CapabilityMask bounding = 0);

// The SECCOMP_RET_* value of an action, with its data.
std::uint32_t return_value(const SeccompAction& action);
bool lets_through(std::uint32_t decision);
Status check_action(const SeccompAction& action);
// Whether this is a system call or a set.
Status check_word(std::string_view word);
// The answer of a call that the kernel does not have.
inline constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;
// Every known call answers this.
CallTable same_for_all(std::uint32_t action, SyscallAbi abi = SyscallAbi::native);

}  // namespace confinit
