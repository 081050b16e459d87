// SPDX-License-Identifier: Apache-2.0
// Peer: who is at the other end of a connected unix socket, as far as the kernel says it for
// certain.
//
// The ids and groups are those of connect(2), and the kernel keeps them with the socket. The
// process is harder: SO_PEERCRED names it by a number, which is another process's once the first
// one is reaped. Linux 6.5 has SO_PEERPIDFD, a pidfd of the very process that connected. Below it
// the number is opened by pidfd_open(2), and what it opens may be a stranger.
//
// So the process is bound to the call and not to the connection. The kernel stamps what is sent to
// a socket with SO_PASSCRED with the sender's number. While a pidfd says that its process lives,
// that number is no other process's. Bytes that were sent after the pidfd was opened and bear its
// number are therefore of its process. Bytes that lay in the queue already may be of a process that
// has died since; they prove nothing, and the caller has to repeat its call.
// Where the kernel gave the pidfd by SO_PEERPIDFD there is no such gap: the process has lived since
// connect(2), so that its number was never another one's.
//
// This needs no more than Linux 5.3. The other end's inode (UNIX_DIAG_PEER of sock_diag(7)) among
// the descriptors of the process would prove that it holds the connection, but not that it made the
// call: an operator that passes its connection on holds it still. It also makes the kernel load the
// module unix_diag and wait for modprobe, which PID 1 must not do. A process with CAP_SYS_ADMIN in
// the pid namespace may forge the stamp; a process with that capability there holds the machine.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/proc_status.h"
#include "kernel/process.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct PeerIds {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;              // a number only; 0 for a process that our pid namespace lacks
    std::vector<gid_t> groups;  // the supplementary ones
};

// SO_PEERCRED and SO_PEERGROUPS, of the time of connect(2).
Result<PeerIds> read_peer_ids(const Fd& socket);

// The facts that /proc tells of one living process.
struct ProcessFacts {
    ProcessStatus status;
    std::string user_namespace;  // "user:[4026531837]"
    std::string cgroup;          // the path of its cgroup v2 node; empty where there is none
};
Result<ProcessFacts> read_process_facts(const Fd& process);

class PeerProcess {
public:
    static Result<PeerProcess> open(const Fd& socket);

    pid_t pid() const { return process_.pid(); }

    // Whether it is the process that connected, whatever has died since. Else it is the one that
    // has its number now, and only what is sent from now on can be known to be of it.
    bool has_connected() const { return has_connected_; }

    // A descriptor of its /proc/PID. It fails when the process has ended.
    Result<Fd> open_directory() const;

private:
    PeerProcess(Process process, bool has_connected)
        : process_(std::move(process)), has_connected_(has_connected) {}

    Process process_;
    bool has_connected_;
};

// The numbers of a process's parent, of that one's parent and so on, up to a process whose parent
// our pid namespace does not have: its own first process, or one that came in from outside. No
// further than `until`, where that is one of them.
Result<std::vector<pid_t>> read_ancestors(const Fd& process, pid_t until = 0);

}  // namespace confinit
