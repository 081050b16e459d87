// SPDX-License-Identifier: Apache-2.0
// Peer: who is at the other end of a connected unix socket, as far as the kernel says it for
// certain.
#include "kernel/peer.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

// Newer than the C library's headers: Linux 6.5.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace confinit {
namespace {

Result<ucred> read_credentials(const Fd& socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
        return errno_failure("getsockopt SO_PEERCRED");
    }
    return credentials;
}

}  // namespace

Result<PeerIds> read_peer_ids(const Fd& socket) {
    const ucred credentials = TRY(read_credentials(socket));
    PeerIds ids{.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
    socklen_t size = 0;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) == 0) return ids;
    if (errno != ERANGE) return errno_failure("getsockopt SO_PEERGROUPS");
    ids.groups.resize(size / sizeof(gid_t));
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, ids.groups.data(), &size) < 0) {
        return errno_failure("getsockopt SO_PEERGROUPS");
    }
    return ids;
}

Result<PeerProcess> PeerProcess::open(const Fd& socket) {
    const ucred credentials = TRY(read_credentials(socket));
    if (credentials.pid <= 0) {
        return failure(
            "its process is in no pid namespace of ours; from outside of a container, "
            "`nsenter -t PID -p -m svctl ...` with the supervisor's PID comes in");
    }
    int number = -1;
    socklen_t size = sizeof number;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERPIDFD, &number, &size) == 0) {
        return PeerProcess{{credentials.pid, Fd{number}}, true};
    }
    if (errno != ENOPROTOOPT) return errno_failure("getsockopt SO_PEERPIDFD");
    return PeerProcess{TRY(Process::open(credentials.pid)), false};
}

Result<Fd> PeerProcess::open_directory() const {
    Fd directory = TRY(open_process(process_.pid()));
    // Only now is it certain that the number was its own when it was looked up.
    if (process_.has_ended()) return std::unexpected(system_error(ESRCH, "pidfd_open"));
    return directory;
}

Result<ProcessFacts> read_process_facts(const Fd& process) {
    ProcessFacts facts;
    facts.status = TRY(read_process_status(process));
    facts.user_namespace = TRY(read_namespace(process, "user"));
    facts.cgroup = read_cgroup_path(process).value_or("");
    // A process that is ending has left its node, and is no longer as it was.
    if (!is_alive(process)) return std::unexpected(system_error(ESRCH, "read", "/proc/PID"));
    return facts;
}

Result<std::vector<pid_t>> read_ancestors(const Fd& process, pid_t until) {
    constexpr std::size_t most = 1000;
    std::vector<pid_t> ancestors;
    pid_t parent = TRY(read_parent(process));
    Fd parent_of;  // whose parent `parent` is; empty for `process`
    while (parent != 0) {
        if (ancestors.size() == most) return failure("it has too many ancestors");
        Fd directory = TRY(open_process(parent));
        const pid_t next = TRY(read_parent(directory));
        // A parent that has ended meanwhile may have left its number to another process.
        if (TRY(read_parent(parent_of ? parent_of : process)) != parent) {
            return failure("its parents change");
        }
        ancestors.push_back(parent);
        if (parent == until) break;
        parent = next;
        parent_of = std::move(directory);
    }
    return ancestors;
}

}  // namespace confinit
