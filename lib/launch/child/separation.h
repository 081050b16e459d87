// SPDX-License-Identifier: Apache-2.0
// How a copy of PID 1 is kept from being robbed: nobody may trace it, and it has few descriptors.
//
// A process that is not dumpable can only be traced, and its descriptors and memory only be looked
// at, with CAP_SYS_PTRACE over the user namespace of its memory, which is PID 1's: ptrace(2). A
// copy inherits that, and execve(2) ends it.
#pragma once

#include "launch/child/context.h"

#include <span>

namespace confinit {

// Closes every descriptor above the standard ones but these, each of which may be -1.
bool keep_only(ChildContext& child, std::span<const int> kept);

// Again after each change of ids or of the user namespace: the kernel then sets what
// fs.suid_dumpable says, and 1 would let others look.
bool forbid_tracing(ChildContext& child);

}  // namespace confinit
