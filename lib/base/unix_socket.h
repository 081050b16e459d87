// SPDX-License-Identifier: Apache-2.0
// Unix sockets: their addresses, and one message with all that came along: unix(7), recvmsg(2).
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <vector>

namespace confinit {

// ENAMETOOLONG names the call that wanted the address.
Result<sockaddr_un> unix_address(const std::string& path, std::string_view call);

// The result of one recvmsg(2). Its bytes are of one process, which the kernel names where the
// socket has SO_PASSCRED. All descriptors are owned here; those of a stranger may be slow to close.
struct ReceivedMessage {
    ssize_t count = 0;    // as recvmsg returns it, with errno
    bool is_cut = false;  // the buffer was too small for a datagram
    pid_t sender = 0;     // in our pid namespace; 0 for an unnamed one, or without a pid there
    uid_t user = 0;       // the sender's at the time of sending
    Fd process;           // a pidfd of the sender, where the socket has SO_PASSPIDFD: Linux 6.5
    std::vector<Fd> descriptors = {};
};

// There is room for all the descriptors that the kernel lets through, so that it never has to close
// one in our name. `flags` are those of recvmsg(2); descriptors come with close-on-exec.
ReceivedMessage receive_message(const Fd& socket, std::span<std::byte> buffer, int flags);

// Throws away what lies unread in a socket that gets nothing more, and stops before bytes that have
// come with descriptors: to throw those away is to close them. Returns whether all is gone.
bool empty_of_bytes(const Fd& socket);

// As many as there are kinds of namespaces.
inline constexpr std::size_t most_sent_descriptors = 8;

// Puts the descriptors, which are at least one, beside a message: SCM_RIGHTS of unix(7). `control`
// has room for them, is aligned as a cmsghdr, and lives until the message is sent.
void attach_descriptors(msghdr& message, std::span<std::byte> control,
                        std::span<const int> numbers);

// sendmsg(2) without waiting and without SIGPIPE; the descriptors, of which there is a limit, go
// with the first byte. Returns what sendmsg does. `flags` are added to its own.
ssize_t send_message(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors,
                     int flags = 0);

// The kernel names the sender of each later message. The connections of a listener are like it.
Status pass_credentials(const Fd& socket);

// Each later message brings a pidfd of its sender, where the kernel can: Linux 6.5.
void pass_pidfd(const Fd& socket);

// From then on an out-of-band byte of a stream is read like any other. Else the kernel drops it
// when the reader comes to it, and closes the descriptors beside it in the reader's name: MSG_OOB
// of send(2), since Linux 5.15. Each connection needs this call before its first read.
Status read_urgent_in_line(const Fd& socket);

// From then on the kernel lets nobody send descriptors, where it can: Linux 6.16. The connections
// of a listener are like it.
void refuse_descriptors(const Fd& socket);

}  // namespace confinit
