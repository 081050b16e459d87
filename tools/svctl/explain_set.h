// SPDX-License-Identifier: Apache-2.0
// explain @SET: the version of the sets of system calls, and the members of one of them.
#pragma once

#include "control/message.h"
#include "kernel/syscall_sets.h"
#include "svctl/request.h"

#include <span>
#include <string>
#include <string_view>

namespace confinit {

// Null when there is no such set.
const SyscallSet* find_syscall_set(std::string_view name);
Refusal unknown_set(std::string_view name);

std::string set_text(const SyscallSet& set);
Json sets_json(std::span<const SyscallSet* const> sets);

}  // namespace confinit
