// SPDX-License-Identifier: Apache-2.0
// Unix sockets: their addresses, and one message with all that came along: unix(7), recvmsg(2).
#include "base/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

// Newer than the C library's headers: Linux 6.5, 6.5 and 6.16.
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

namespace confinit {
namespace {

constexpr std::size_t most_received = 253;  // SCM_MAX_FD of the kernel

std::vector<Fd> descriptors_in(const cmsghdr& header) {
    std::vector<Fd> descriptors;
    const std::size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(&header) + i * sizeof number, sizeof number);
        descriptors.emplace_back(number);
    }
    return descriptors;
}

void read_control_messages(msghdr& message, ReceivedMessage& received) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS && header->cmsg_len >= CMSG_LEN(sizeof(ucred))) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
            received.sender = credentials.pid;
            received.user = credentials.uid;
        }
        if (header->cmsg_type == SCM_RIGHTS) received.descriptors = descriptors_in(*header);
        if (header->cmsg_type == SCM_PIDFD) {
            for (Fd& process : descriptors_in(*header))
                received.process = std::move(process);
        }
    }
}

}  // namespace

Result<sockaddr_un> unix_address(const std::string& path, std::string_view call) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return std::unexpected(system_error(ENAMETOOLONG, call, path));
    }
    std::ranges::copy(path, address.sun_path);
    return address;
}

ReceivedMessage receive_message(const Fd& socket, std::span<std::byte> buffer, int flags) {
    constexpr std::size_t size = CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int)) +
                                 CMSG_SPACE(most_received * sizeof(int));
    alignas(cmsghdr) std::array<std::byte, size> control;
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ReceivedMessage received;
    received.count = recvmsg(socket.get(), &message, flags | MSG_CMSG_CLOEXEC);
    if (received.count < 0) return received;
    received.is_cut = (message.msg_flags & MSG_TRUNC) != 0;
    read_control_messages(message, received);
    return received;
}

ssize_t send_message(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors) {
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

Status pass_credentials(const Fd& socket) {
    const int on = 1;
    if (setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        return errno_failure("setsockopt SO_PASSCRED");
    }
    return {};
}

void pass_pidfd(const Fd& socket) {
    const int on = 1;
    (void)setsockopt(socket.get(), SOL_SOCKET, SO_PASSPIDFD, &on, sizeof on);
}

Status read_urgent_in_line(const Fd& socket) {
    const int on = 1;
    if (setsockopt(socket.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) < 0) {
        return errno_failure("setsockopt SO_OOBINLINE");
    }
    return {};
}

void refuse_descriptors(const Fd& socket) {
    const int off = 0;
    (void)setsockopt(socket.get(), SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
}

}  // namespace confinit
