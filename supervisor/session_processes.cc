// SPDX-License-Identifier: Apache-2.0
// The processes of a session, setsid(2): found by its number, each held by a pidfd.
#include "session_processes.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

std::vector<int> all_processes() {
    std::vector<int> pids;
    const auto names = list_directory(AT_FDCWD, "/proc");
    if (!names) return pids;
    for (const std::string& name : *names) {
        if (const auto pid = parse_unsigned(name)) pids.push_back(static_cast<int>(*pid));
    }
    return pids;
}

std::vector<int> candidates(const Cgroup* node) {
    if (node == nullptr) return all_processes();
    return node->all_process_ids().value_or(std::vector<int>{});
}

}  // namespace

std::vector<SessionMember> members_of_session(pid_t session, const Cgroup* node) {
    std::vector<SessionMember> members;
    for (const int pid : candidates(node)) {
        // The first look spares a descriptor for each process that is not meant.
        if (getsid(pid) != session) continue;
        SessionMember member{pid, Fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))}};
        if (member.pidfd && is_in_session(member, session)) members.push_back(std::move(member));
    }
    return members;
}

// The pid is that of the process as long as its pidfd takes a signal.
bool is_in_session(const SessionMember& member, pid_t session) {
    return getsid(member.pid) == session &&
           syscall(SYS_pidfd_send_signal, member.pidfd.get(), 0, nullptr, 0) == 0;
}

void signal_members(const std::vector<SessionMember>& members, int signal) {
    for (const SessionMember& member : members)
        (void)syscall(SYS_pidfd_send_signal, member.pidfd.get(), signal, nullptr, 0);
}

}  // namespace confinit
