// SPDX-License-Identifier: Apache-2.0
// Faults: a launch from a thread of its own in which one system call is answered by a filter, for
// the child as well, since filters are inherited.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <functional>
#include <linux/seccomp.h>
#include <optional>
#include <span>
#include <vector>

namespace confinit::testing {

struct Fault {
    long call = 0;
    std::uint32_t action = 0;  // SECCOMP_RET_*
    // Only calls with this value in an argument's low half, where it is given.
    std::optional<unsigned> argument = {};
    std::uint32_t value = 0;
};

// Runs `work` under these faults. With a SECCOMP_RET_USER_NOTIF among them it gets the listener.
void run_with_faults(std::span<const Fault> faults, const std::function<void(Fd& listener)>& work);
void run_with_fault(const Fault& fault, const std::function<void(Fd& listener)>& work);

// Runs `work` while every call of these (with SECCOMP_RET_USER_NOTIF) passes, and tells what came,
// by `work` itself and by what it starts and waits for.
std::vector<seccomp_data> trace(std::span<const Fault> calls, const std::function<void()>& work);

// Runs `work` while each call, of whatever number, by it and by what it starts and waits for, is
// held until `look` has been told of it.
void hold_each(const std::function<void(const seccomp_notif& call)>& look,
               const std::function<void()>& work);

}  // namespace confinit::testing
