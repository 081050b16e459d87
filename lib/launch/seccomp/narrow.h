// SPDX-License-Identifier: Apache-2.0
// Narrowing: a denial that is put before all that a decision lets through.
#pragma once

#include "kernel/syscall_filter.h"

namespace confinit {

// Whether a call with this answer may be made in the end: by a tracer's word with `trace`, and who
// may trace can be the service itself.
bool may_pass(std::uint32_t action);

// Calls that the decision lets through and that meet the denial's conditions answer the denial's
// action. What is denied already keeps its own answer, which may be a stricter one.
void narrow(SyscallDecision& decision, const ArgumentRule& denial);

}  // namespace confinit
