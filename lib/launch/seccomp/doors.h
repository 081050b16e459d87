// SPDX-License-Identifier: Apache-2.0
// Back doors: calls that do what another call does, with arguments that a filter cannot see.
#pragma once

#include "launch/call_table.h"
#include "unit/unit.h"

#include <string_view>

namespace confinit {

// Answers ENOSYS, so that a program falls back on calls that a filter does see:
// - clone3(2), openat2(2) and sched_setattr(2), where some calls of the older clone(2), open(2) or
//   openat(2), sched_setscheduler(2) are denied for their arguments; clone3(2) also where it is not
//   let through but clone(2) is;
// - io_uring(7), and socketcall(2) and ipc(2) of 32-bit programs, where a call that they can make
//   is denied, if only for some arguments.
// A call of these that a rule names, or to which an entry gives an action of its own, is left as it
// is: who writes that knows what it does.
void close_doors(const SeccompConfig& config, CallTable& calls);

// For a restriction, which leaves no door open that leads around it: whatever a unit says, the call
// answers ENOSYS where it is let through. "io_uring" stands for its three calls.
void close_door(std::string_view call, CallTable& calls);

}  // namespace confinit
