// SPDX-License-Identifier: Apache-2.0
// Bytes with descriptors over a unix socket: SCM_RIGHTS of unix(7).
#pragma once

#include "base/fd.h"

#include <span>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

// The result of one recvmsg(2). The bytes are of one process, which is told where the socket has
// SO_PASSCRED. Descriptors that came along are owned here, and let go by hands: see hands.h.
struct ReceivedBytes {
    ssize_t count = 0;  // as recvmsg returns it, with errno
    pid_t sender = 0;   // in our pid namespace; 0 where it is not told
    std::vector<Fd> descriptors;
};

// recvmsg(2) without waiting, with room for all the descriptors that the kernel lets through.
ReceivedBytes receive_bytes(const Fd& socket, std::span<char> buffer);

// sendmsg(2) without waiting and without SIGPIPE; at most three descriptors go with the first byte.
// Returns what sendmsg does.
ssize_t send_bytes(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors);

// From then on the kernel lets nobody send descriptors, where it can: Linux 6.16. The connections
// of a listener are like it.
void refuse_descriptors(const Fd& socket);

}  // namespace confinit
