// SPDX-License-Identifier: Apache-2.0
// Killing keys: which keys of a unit can have ended a process by SIGSYS.
#pragma once

#include "unit/unit.h"

#include <string>

namespace confinit {

// "seccomp.default, seccomp.deny; or a call of an architecture that seccomp.architectures does not
// list". The kernel tells nobody which call it was: not waitid(2), and its own log only where
// auditing is built in.
std::string killing_keys(const Unit& unit);

}  // namespace confinit
