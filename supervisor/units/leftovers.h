// SPDX-License-Identifier: Apache-2.0
// Leftovers: the processes of a service that is to end and does not, and what they wait for.
#pragma once

#include "kernel/cgroup.h"
#include "kernel/process_state.h"

#include <cstddef>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct Leftover {
    pid_t pid = 0;
    ProcessState process;
    std::string waits_in;  // the kernel's function
};

// The first processes of the node and of those below it, without a reading of long lists.
std::vector<pid_t> some_processes(const Cgroup& node, std::size_t most);

// Those of these processes that live.
std::vector<Leftover> look_at(std::span<const pid_t> pids);

// "pid 71 (cat), state D, waits in request_wait_answer: ...; pid 72 (cat), ..."
std::string text_of(std::span<const Leftover> leftovers);

}  // namespace confinit
