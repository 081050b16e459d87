// SPDX-License-Identifier: Apache-2.0
// The processes of a session, setsid(2): found by its number, each held by a pidfd.
#pragma once

#include "kernel/cgroup.h"
#include "kernel/process.h"

#include <sys/types.h>
#include <vector>

namespace confinit {

// Those that live in the node or below it; where there is no node, those of all processes. The
// number is the pid of the session's leader. It stays the session's own until the leader has been
// reaped and the last member has left.
std::vector<Process> members_of_session(pid_t session, const Cgroup* node);

// Whether the process has not been reaped and is still in the session.
bool is_in_session(const Process& member, pid_t session);

// By pidfd; a member that has ended meanwhile is no failure.
void signal_members(const std::vector<Process>& members, int signal);

}  // namespace confinit
