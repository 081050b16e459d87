// SPDX-License-Identifier: Apache-2.0
// ProcessState: what a process is at, and what it sleeps in when it does not end.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace confinit {

struct ProcessState {
    std::string name;
    char state = '?';               // of proc(5): R, S, D for uninterruptible sleep, Z for a zombie
    std::uint64_t start_ticks = 0;  // since boot; with the pid it tells a process from a later one
    bool is_of_kernel = false;      // a thread of the kernel, which no signal ends
    int wait_status = 0;  // of a zombie, in the words of wait(2), to a reader who may trace it
};

// From /proc/PID/stat below the root of our procfs. The kernel answers from its own memory and
// waits for nobody.
Result<ProcessState> read_process_state(const Fd& procfs, pid_t pid);
Result<ProcessState> parse_process_state(std::string_view stat);

// The function of the kernel that the process sleeps in, from /proc/PID/wchan; empty when it does
// not sleep or the kernel does not say.
std::string read_sleep(const Fd& procfs, pid_t pid);

// "pid 71 (cat), state D, waits in request_wait_answer: a FUSE server that does not answer".
std::string sleep_text(pid_t pid, const ProcessState& process, std::string_view sleeps_in);

}  // namespace confinit
