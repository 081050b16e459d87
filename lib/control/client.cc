// SPDX-License-Identifier: Apache-2.0
// Client: one connection to the control socket, used by programs that may wait.
#include "control/client.h"

#include "control/fields.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace confinit {
namespace {

// The protocol passes 3 at most; a reply that carries more is cut off by the kernel and refused.
constexpr std::size_t descriptor_limit = 8;

// Owns every descriptor of a received message, whatever the message turns out to be.
void take_descriptors(msghdr& header, std::vector<Fd>& descriptors) {
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr;
         item = CMSG_NXTHDR(&header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(item) + i * sizeof fd, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
}

}  // namespace

Result<Client> Client::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return std::unexpected(system_error(ENAMETOOLONG, "connect", path));
    }
    std::ranges::copy(path, address.sun_path);

    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket) return errno_failure("socket");
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket.get(), generic, sizeof address) < 0) {
        return errno_failure("connect", path);
    }
    return Client{std::move(socket)};
}

Status Client::send(const Call& call) {
    last_call_ = encode_call(call);
    if (last_call_.size() > request_limit) {
        return failure("request of " + std::to_string(last_call_.size()) + " bytes: at most " +
                       std::to_string(request_limit) + " are accepted");
    }
    return send_bytes(last_call_);
}

Status Client::send_bytes(std::string_view rest) {
    while (!rest.empty()) {
        const ssize_t count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_failure("send");
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<ReceivedReply> Client::receive() {
    for (;;) {
        auto received = TRY(take_buffered());
        if (received) return std::move(*received);
        TRY(read_more(Wait::yes));
    }
}

Result<std::optional<ReceivedReply>> Client::receive_available() {
    for (;;) {
        auto received = TRY(take_buffered());
        if (received) return received;
        if (!TRY(read_more(Wait::no))) return std::nullopt;
    }
}

Result<Reply> Client::call(Method method, Json parameters) {
    TRY(send(
        {.method = std::string{method_names.name(method)}, .parameters = std::move(parameters)}));
    return TRY(receive()).reply;
}

Result<std::optional<ReceivedReply>> Client::take_buffered() {
    const auto text = reader_.next();
    if (!text) return std::nullopt;
    ReceivedReply received{.reply = TRY(parse_reply(*text)),
                           .descriptors = std::exchange(descriptors_, {})};
    // The supervisor can judge a caller only after it has looked at it, which that call began.
    const bool repeats = bool_or(received.reply.parameters, "repeat") && !last_call_.empty();
    if (!repeats) return received;
    TRY(send_bytes(std::exchange(last_call_, {})));
    return std::nullopt;
}

Result<bool> Client::read_more(Wait wait) {
    std::array<char, 65536> bytes;
    iovec vector{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptor_limit * sizeof(int))> control;
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();

    const int flags = MSG_CMSG_CLOEXEC | (wait == Wait::no ? MSG_DONTWAIT : 0);
    const ssize_t count = recvmsg(socket_.get(), &header, flags);
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN && wait == Wait::no) return false;
    if (count < 0) return errno_failure("receive");
    take_descriptors(header, descriptors_);
    if ((header.msg_flags & MSG_CTRUNC) != 0) return failure("reply with too many descriptors");
    if (count == 0) {
        return failure(reader_.is_inside_message() ? "connection ended inside a reply"
                                                   : "connection ended before a reply");
    }
    TRY(reader_.feed({bytes.data(), static_cast<std::size_t>(count)}));
    return true;
}

}  // namespace confinit
