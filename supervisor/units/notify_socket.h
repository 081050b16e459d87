// SPDX-License-Identifier: Apache-2.0
// NotifySocket: the datagram socket of one run, by which its processes tell how they are.
//
// Everybody who finds the socket may send to it, because a daemon may drop root for a user that its
// unit knows nothing of. NotifySender finds out which process sent a datagram. The socket is
// hard to find all the same: it has a random name in a directory that only its owner can
// list, and /proc/net/unix shows the name that it was bound by, which is another one.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/process.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace confinit {

struct NotifyDatagram {
    std::string text;
    // In our pid namespace: without a pid where it has none there, without a pidfd where it is
    // gone.
    Process sender;
    uid_t user = 0;  // of the sender, at the time of sending
    bool is_cut = false;
    std::vector<Fd> descriptors = {};  // that came along; closing them may take its time
};

class NotifySocket {
public:
    // Makes the directory and the socket in it; what an earlier run has left there goes.
    static Result<NotifySocket> make(std::string directory);
    NotifySocket(NotifySocket&& other) noexcept
        : directory_(std::exchange(other.directory_, {})),
          name_(std::move(other.name_)),
          socket_(std::move(other.socket_)) {}
    NotifySocket& operator=(NotifySocket&&) = delete;
    ~NotifySocket();

    // From now on everybody may send.
    Status open_to_all() const;

    // The next datagram; absent when there is none. One that is cut short has no text.
    Result<std::optional<NotifyDatagram>> receive() const;

    const Fd& fd() const { return socket_; }
    // Descriptors that nobody has read may be slow to close.
    Fd take_socket() { return std::move(socket_); }
    std::string path() const;
    // The last part of the path.
    const std::string& name() const { return name_; }

private:
    NotifySocket(std::string directory, std::string name, Fd socket)
        : directory_(std::move(directory)), name_(std::move(name)), socket_(std::move(socket)) {}

    std::string directory_;
    std::string name_;
    Fd socket_;
};

// The cgroup of a process; absent when it is reaped by now, so that its number may be another's.
std::optional<std::string> cgroup_of(const Process& process);

}  // namespace confinit
