// SPDX-License-Identifier: Apache-2.0
// Signals to services: by pidfd, and only to processes that are proven to be in the node.
#pragma once

#include "kernel/cgroup.h"
#include "reaper.h"

#include <sys/types.h>

namespace confinit {

// Signals every process of the node but `except`. A pid that was reused meanwhile is not hit: the
// pidfd is opened first, and the node's list is read again before it is used.
Status signal_node(const Cgroup& node, int signal, pid_t except);

// The wait status of wait(2) in the words of waitid(2).
ExitStatus exit_status_of_wait(int wait_status);

}  // namespace confinit
