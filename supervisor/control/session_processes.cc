// SPDX-License-Identifier: Apache-2.0
// The processes of a session, setsid(2): found by its number, each held by a pidfd.
#include "supervisor/control/session_processes.h"

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

std::vector<Process> members_of_session(pid_t session, const Cgroup* node) {
    std::vector<Process> members;
    for (const int pid : candidates(node)) {
        // The first look spares a descriptor for each process that is not meant.
        if (getsid(pid) != session) continue;
        auto member = Process::open(pid);
        if (member && is_in_session(*member, session)) members.push_back(std::move(*member));
    }
    return members;
}

// The pid is that of the process as long as its pidfd takes a signal.
bool is_in_session(const Process& member, pid_t session) {
    return getsid(member.pid()) == session && member.is_there();
}

void signal_members(const std::vector<Process>& members, int signal) {
    for (const Process& member : members)
        member.signal(signal);
}

}  // namespace confinit
