// SPDX-License-Identifier: Apache-2.0
// NotifySocket: the datagram socket of one run, by which its processes tell how they are.
//
// Who sent a datagram is known twice: by the socket, to which only the service's user may write,
// and by the sender's process, which has to be in the service's cgroup and not reaped yet.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace confinit {

struct NotifyDatagram {
    std::string text;
    pid_t sender = 0;                  // in our pid namespace; 0 for one that has no pid there
    Fd process;                        // a pidfd of it; empty when it is gone
    std::vector<Fd> descriptors = {};  // that came along; closing them may take its time
};

class NotifySocket {
public:
    // Makes the directory and the socket in it; what an earlier run has left there goes.
    static Result<NotifySocket> make(std::string directory);
    NotifySocket(NotifySocket&& other) noexcept
        : directory_(std::exchange(other.directory_, {})), socket_(std::move(other.socket_)) {}
    NotifySocket& operator=(NotifySocket&&) = delete;
    ~NotifySocket();

    // Nobody but this user, and who may write anywhere, may send.
    Status give_to(uid_t uid, gid_t gid) const;

    // The next datagram; absent when there is none. One that is cut short is empty.
    Result<std::optional<NotifyDatagram>> receive() const;

    const Fd& fd() const { return socket_; }
    // What nobody has read may take its time to close.
    Fd take_socket() { return std::move(socket_); }
    std::string path() const;

private:
    NotifySocket(std::string directory, Fd socket)
        : directory_(std::move(directory)), socket_(std::move(socket)) {}

    std::string directory_;
    Fd socket_;
};

// The cgroup of a process that has just been named by this pidfd; absent when it is reaped by now,
// so that its number may be another process's.
std::optional<std::string> cgroup_of(pid_t pid, const Fd& process);

}  // namespace confinit
