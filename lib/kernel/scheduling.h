// SPDX-License-Identifier: Apache-2.0
// How the kernel schedules a process: policy, I/O priority and CPUs, read back and as words.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace confinit {

// The SCHED_ number and the priority of a realtime policy: sched(7).
struct Scheduling {
    int policy = 0;
    int priority = 0;
};

// Of the main thread, by a descriptor of /proc/PID: the fields rt_priority and policy of proc(5).
Result<Scheduling> read_scheduling(const Fd& process);
Result<Scheduling> parse_scheduling(std::string_view stat);

// The CPUs that its main thread may run on, as "0-3,6".
Result<std::string> read_allowed_cpus(const Fd& process);

// ioprio_get(2), which knows a process by its pid only.
Result<int> read_io_priority(pid_t process);

// "other", "fifo:50"; "best-effort:4": as a unit file has them.
std::string scheduling_text(int policy, int priority);
std::string io_priority_text(int io_priority);

}  // namespace confinit
