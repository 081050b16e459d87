// SPDX-License-Identifier: Apache-2.0
// Client: one connection to the control socket, used by programs that may wait.
#include "control/client.h"

#include "base/unix_socket.h"
#include "control/fields.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <span>
#include <sys/socket.h>
#include <utility>

namespace confinit {
namespace {

// More than any reply of the protocol carries, which is 3.
constexpr std::size_t descriptor_limit = 8;

}  // namespace

Result<Client> Client::connect(const std::string& path, int flags, timeval patience) {
    const sockaddr_un address = TRY(unix_address(path, "connect"));
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
    if (!socket) return errno_failure("socket");
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        (void)setsockopt(socket.get(), SOL_SOCKET, option, &patience, sizeof patience);
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
        if (count < 0) return std::unexpected(failed("send"));
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

std::string Client::take_rest() {
    std::string rest{reader_.rest()};
    reader_ = MessageReader{reply_limit};
    return rest;
}

// The failure of a call that has just set errno. A peer that is gone may have a reason.
Error Client::failed(std::string_view call) const {
    const int code = errno;
    const bool is_gone = code == EPIPE || code == ECONNRESET;
    auto reason = is_gone && end_reason_ ? end_reason_() : std::nullopt;
    return reason ? std::move(*reason) : system_error(code, call);
}

Error Client::end_failure() const {
    auto reason = end_reason_ ? end_reason_() : std::nullopt;
    if (reason) return std::move(*reason);
    return {.hint = reader_.is_inside_message() ? "connection ended inside a reply"
                                                : "connection ended before a reply"};
}

Result<bool> Client::read_more(Wait wait) {
    std::array<char, 65536> bytes;
    ReceivedMessage received = receive_message(socket_, std::as_writable_bytes(std::span{bytes}),
                                               wait == Wait::no ? MSG_DONTWAIT : 0);
    const ssize_t count = received.count;
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN && wait == Wait::no) return false;
    if (count < 0) return std::unexpected(failed("receive"));
    std::ranges::move(received.descriptors, std::back_inserter(descriptors_));
    if (descriptors_.size() > descriptor_limit) return failure("reply with too many descriptors");
    if (count == 0) return std::unexpected(end_failure());
    TRY(reader_.feed({bytes.data(), static_cast<std::size_t>(count)}));
    return true;
}

}  // namespace confinit
