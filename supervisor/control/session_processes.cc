// SPDX-License-Identifier: Apache-2.0
// The processes of a session, setsid(2): found by its number, each held by a pidfd.
#include "supervisor/control/session_processes.h"

#include "kernel/pidfd.h"
#include "kernel/procfs.h"

#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

std::vector<int> candidates(const Cgroup* node) {
    if (node == nullptr) return list_processes().value_or(std::vector<pid_t>{});
    return node->all_process_ids().value_or(std::vector<int>{});
}

}  // namespace

std::vector<SessionMember> members_of_session(pid_t session, const Cgroup* node) {
    std::vector<SessionMember> members;
    for (const int pid : candidates(node)) {
        // The first look spares a descriptor for each process that is not meant.
        if (getsid(pid) != session) continue;
        SessionMember member{pid, Fd{pidfd_open(pid, 0)}};
        if (member.pidfd && is_in_session(member, session)) members.push_back(std::move(member));
    }
    return members;
}

// The pid is that of the process as long as its pidfd takes a signal.
bool is_in_session(const SessionMember& member, pid_t session) {
    return getsid(member.pid) == session && is_there(member.pidfd.get());
}

void signal_members(const std::vector<SessionMember>& members, int signal) {
    for (const SessionMember& member : members)
        signal_process(member.pidfd, signal);
}

}  // namespace confinit
