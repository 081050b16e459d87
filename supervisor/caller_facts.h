// SPDX-License-Identifier: Apache-2.0
// CallerFacts of a process, and those of the supervisor, gathered from /proc and from the units.
#pragma once

#include "authority.h"
#include "base/fd.h"
#include "base/result.h"

namespace confinit {

class Manager;

Result<SupervisorFacts> supervisor_facts();

// `process` is a descriptor of its /proc/PID, by which all of it is read.
Result<CallerFacts> caller_facts(const Fd& process, const Manager& manager);

}  // namespace confinit
