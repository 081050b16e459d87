// SPDX-License-Identifier: Apache-2.0
// Unix sockets: their addresses, and one message with all that came along: unix(7), recvmsg(2).
#include "base/unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/ioctl.h>
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

// `message` tells of what came along, which lies in `control`; the bytes are in the buffer alone.
ssize_t receive(const Fd& socket, std::span<std::byte> buffer, std::span<std::byte> control,
                int flags, msghdr& message) {
    iovec part{buffer.data(), buffer.size()};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = recvmsg(socket.get(), &message, flags);
    message.msg_iov = nullptr;
    return count;
}

Status set_option(const Fd& socket, int option, int value, std::string_view call) {
    if (setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value) < 0) {
        return errno_failure(call);
    }
    return {};
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
    msghdr message{};
    ReceivedMessage received;
    received.count = receive(socket, buffer, control, flags | MSG_CMSG_CLOEXEC, message);
    if (received.count < 0) return received;
    received.is_cut = (message.msg_flags & MSG_TRUNC) != 0;
    read_control_messages(message, received);
    return received;
}

bool empty_of_bytes(const Fd& socket) {
    std::array<std::byte, 8192> bytes;
    // Room for the credentials, and for no descriptor: the kernel tells of those by MSG_CTRUNC, and
    // to peek at them closes none.
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(ucred))> control;
    for (;;) {
        msghdr message{};
        const ssize_t count = receive(socket, bytes, control, MSG_PEEK | MSG_DONTWAIT, message);
        if (count <= 0 || (message.msg_flags & MSG_CTRUNC) != 0) break;
        const auto size = static_cast<std::size_t>(count);
        if (recv(socket.get(), bytes.data(), size, MSG_DONTWAIT) != count) break;
    }
    int unread = 1;
    return ioctl(socket.get(), FIONREAD, &unread) == 0 && unread == 0;
}

void attach_descriptors(msghdr& message, std::span<std::byte> control,
                        std::span<const int> numbers) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(numbers.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(numbers.size_bytes());
    std::memcpy(CMSG_DATA(header), numbers.data(), numbers.size_bytes());
}

ssize_t send_message(const Fd& socket, std::string_view bytes, std::span<const Fd> descriptors,
                     int flags) {
    constexpr std::size_t most = most_sent_descriptors;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(most * sizeof(int))> control{};
    std::array<int, most> numbers{};
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const std::size_t count = std::min(descriptors.size(), most);
        for (std::size_t i = 0; i < count; ++i)
            numbers[i] = descriptors[i].get();
        attach_descriptors(message, control, std::span{numbers}.first(count));
    }
    return sendmsg(socket.get(), &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
}

Status pass_credentials(const Fd& socket) {
    return set_option(socket, SO_PASSCRED, 1, "setsockopt SO_PASSCRED");
}

void pass_pidfd(const Fd& socket) {
    (void)set_option(socket, SO_PASSPIDFD, 1, "setsockopt SO_PASSPIDFD");
}

Status read_urgent_in_line(const Fd& socket) {
    return set_option(socket, SO_OOBINLINE, 1, "setsockopt SO_OOBINLINE");
}

void refuse_descriptors(const Fd& socket) {
    (void)set_option(socket, SO_PASSRIGHTS, 0, "setsockopt SO_PASSRIGHTS");
}

}  // namespace confinit
