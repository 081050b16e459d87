// SPDX-License-Identifier: Apache-2.0
// Restrictions: the keys of [seccomp] that each take one power from what is let through.
#pragma once

#include "launch/call_table.h"
#include "unit/unit.h"

#include <optional>
#include <string_view>
#include <vector>

namespace confinit {

// Every denial of a restriction is an error number; none kills.
void restrict_calls(const SeccompConfig& config, CallTable& calls);

// One call that a restriction of the unit must deny, for showing that a program does so.
struct DeniedExample {
    std::string_view key;   // "seccomp.realtime"
    std::string_view call;  // "sched_setscheduler"
    SyscallArguments arguments;
};

std::vector<DeniedExample> denied_examples(const SeccompConfig& config);

}  // namespace confinit
