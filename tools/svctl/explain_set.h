// SPDX-License-Identifier: Apache-2.0
// explain @SET and explain CALL: the members of a set of system calls, and the sets of a call.
#pragma once

#include "control/message.h"
#include "kernel/syscall_sets.h"
#include "svctl/request.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Null when there is no such set.
const SyscallSet* find_syscall_set(std::string_view name);
Refusal unknown_set(std::string_view name);

std::string set_text(const SyscallSet& set);
Json sets_json(std::span<const SyscallSet* const> sets);

struct SyscallFacts {
    std::string name;
    std::optional<int> number;  // absent where this machine has no such call
    std::vector<std::string> sets;
};

// By its name, or by its number on this machine, which is what the kernel's log has.
std::optional<SyscallFacts> find_syscall(const std::string& word);

std::string call_text(const SyscallFacts& call);
Json calls_json(std::span<const SyscallFacts> calls);

}  // namespace confinit
