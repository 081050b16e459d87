// SPDX-License-Identifier: Apache-2.0
// Killing keys: which keys of a unit can have ended a process by SIGSYS.
#pragma once

#include "unit/unit.h"

#include <string>
#include <string_view>

namespace confinit {

// "seccomp.default, seccomp.deny; or a call of an architecture that seccomp.architectures does not
// list". The kernel does not tell the parent which call it was.
std::string killing_keys(const Unit& unit);

// How to find the call that it was: the kernel tells its log, where auditing is built in.
inline constexpr std::string_view killed_call_hint =
    "the kernel's log has its number (dmesg: type=1326, syscall=NUMBER), and `svctl explain "
    "NUMBER` "
    "its name; seccomp.default = \"log\" lets every call through and logs those not listed";

}  // namespace confinit
