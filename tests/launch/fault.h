// SPDX-License-Identifier: Apache-2.0
// Faults: a launch from a thread of its own in which one system call is answered by a filter, for
// the child as well, since filters are inherited.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace confinit::testing {

struct Fault {
    long call = 0;
    std::uint32_t action = 0;  // SECCOMP_RET_*
    // Only calls with this value in an argument's low half, where it is given.
    std::optional<unsigned> argument = {};
    std::uint32_t value = 0;
};

// Runs `work` under the fault. For SECCOMP_RET_USER_NOTIF `work` gets the listener's descriptor.
void run_with_fault(const Fault& fault, const std::function<void(const Fd& listener)>& work);

}  // namespace confinit::testing
