// SPDX-License-Identifier: Apache-2.0
// CallTable: the decisions on one architecture's system calls, found by name.
#pragma once

#include "kernel/syscall_filter.h"
#include "kernel/syscall_sets.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace confinit {

struct CallTable {
    SyscallAbi abi = SyscallAbi::native;
    std::vector<SyscallDecision> decisions = {};  // in the order of numbers

    // Null for a call that the architecture lacks.
    SyscallDecision* find(std::string_view name) {
        const auto number = syscall_number(name, abi);
        const auto found = std::ranges::find(decisions, number, &SyscallDecision::number);
        return found == decisions.end() ? nullptr : &*found;
    }
};

}  // namespace confinit
