// SPDX-License-Identifier: Apache-2.0
// Seccomp rules: what a unit's seccomp.rules answer to calls with certain arguments.
#pragma once

#include "base/result.h"
#include "launch/call_table.h"
#include "unit/unit.h"

#include <string_view>

namespace confinit {

// An error ("seccomp.rules[0]: ...") for a name that is no call or set, an action that is none, an
// index that no call has, or a value that the argument can never have.
Status check_rules(const SeccompConfig& config);

// The comparison of what the kernel looks at.
ArgumentCondition make_condition(SyscallAbi abi, std::string_view call,
                                 const SeccompArgument& argument);

// Adds the rules to the decisions of the calls that they name, in their order. One without
// conditions ends the list of its calls. A denial that looks at an argument which 32-bit programs
// do not pass in a register of its own answers ENOSYS to the whole call. Rules that a decision has
// already, as those of a profile, come after these.
void add_rules(const SeccompConfig& config, CallTable& calls);

}  // namespace confinit
