// SPDX-License-Identifier: Apache-2.0
// Seccomp rules: what a unit's seccomp.rules answer to calls with certain arguments.
#pragma once

#include "base/result.h"
#include "kernel/syscall_filter.h"
#include "unit/unit.h"

#include <string_view>

namespace confinit {

// An error ("seccomp.rules[0]: ...") for a name that is no call or set, an action that is none, an
// index that no call has, or a value that the argument can never have.
Status check_rules(const SeccompConfig& config);

// Whether the kernel cuts this argument of the call to 32 bits or less before it looks at it.
bool is_narrow(std::string_view call, const SeccompArgument& argument);
// The comparison of what the kernel looks at.
ArgumentCondition make_condition(std::string_view call, const SeccompArgument& argument);

// Adds the rules to the decisions of the calls that they name, in their order. One without
// conditions ends the list of its calls. Where one denies some calls of clone(2), clone3(2) answers
// ENOSYS unless a rule names it: a filter cannot see its flags, and a libc falls back on clone(2).
// Rules that a decision has already, as those of a profile, come after these.
void add_rules(const SeccompConfig& config, SyscallPolicy& policy);

}  // namespace confinit
