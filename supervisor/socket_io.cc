// SPDX-License-Identifier: Apache-2.0
// Bytes with descriptors over a unix socket: SCM_RIGHTS of unix(7).
#include "socket_io.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/socket.h>

// Newer than the C library's headers: Linux 6.16.
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

namespace confinit {
namespace {

void read_control_messages(msghdr& message, ReceivedBytes& received) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        const std::size_t size = header->cmsg_len - CMSG_LEN(0);
        if (header->cmsg_type == SCM_CREDENTIALS && size >= sizeof(ucred)) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            received.sender = credentials.pid;
        }
        if (header->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t i = 0; i < size / sizeof(int); ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            received.descriptors.emplace_back(number);
        }
    }
}

}  // namespace

ReceivedBytes receive_bytes(const Fd& socket, std::span<char> buffer) {
    constexpr std::size_t most = 253;  // SCM_MAX_FD of the kernel
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(most * sizeof(int))>
        control;
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ReceivedBytes received;
    received.count = recvmsg(socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received.count >= 0) read_control_messages(message, received);
    return received;
}

ssize_t send_bytes(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors) {
    constexpr std::size_t most = 3;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most * sizeof(int))> control{};
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const std::size_t count = std::min(descriptors.size(), most);
        std::array<int, most> numbers{};
        for (std::size_t i = 0; i < count; ++i)
            numbers[i] = descriptors[i].get();
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
    }
    return sendmsg(socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void refuse_descriptors(const Fd& socket) {
    const int off = 0;
    (void)setsockopt(socket.get(), SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
}

}  // namespace confinit
