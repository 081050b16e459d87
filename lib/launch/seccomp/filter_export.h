// SPDX-License-Identifier: Apache-2.0
// Filter export: a unit's filter as a profile of the OCI runtime specification, and as text.
#pragma once

#include "base/json_text.h"
#include "kernel/syscall_filter.h"

#include <string>

namespace confinit {

// A profile that seccomp.profile reads as this very policy, whatever capabilities the unit has. Of
// the calls of 32-bit programs it says nothing.
//
// Containers' runtimes read it as the same, save for one with the member "confinit": that one has
// rules which depend on their order, or which compare an argument in a way that the specification
// has no words for. They compare 64 bits of every argument.
Json export_profile(const SyscallPolicy& policy);

// The answers to the calls, grouped by answer, then the rules on arguments.
std::string policy_text(const SyscallPolicy& policy);

}  // namespace confinit
