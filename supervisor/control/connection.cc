// SPDX-License-Identifier: Apache-2.0
// ControlConnection: the bytes of one caller, in and out, within bounds.
#include "supervisor/control/connection.h"

#include "supervisor/loop/memory_reserve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <sys/socket.h>

namespace confinit {
namespace {

// A call that only looks names a unit or some.
constexpr std::size_t question_limit = std::size_t{16} << 10;

// The kernel holds what a caller has not read yet; it doubles the number.
constexpr int send_buffer_of_others = 32 << 10;

}  // namespace

ControlConnection::ControlConnection(Fd socket, Caller caller)
    : socket_(std::move(socket)),
      caller_(caller),
      reader_(caller_.is_operator || caller_.may_be_operator ? request_limit : question_limit) {
    if (!caller_.may_be_operator) set_operator(caller_.is_operator);
}

void ControlConnection::set_operator(bool is_operator) {
    caller_.may_be_operator = false;
    caller_.is_operator = is_operator;
    if (is_operator) return;
    (void)setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_of_others,
                     sizeof send_buffer_of_others);
}

ControlConnection::Io ControlConnection::read_some(ReceivedMessage& received) {
    std::array<char, 8192> buffer;
    received = receive_message(socket_, std::as_writable_bytes(std::span{buffer}), MSG_DONTWAIT);
    const ssize_t count = received.count;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Io::goes_on;
    if (count <= 0) return Io::ended;
    // Bytes that were read do not come again: without memory for it the caller is cut off.
    const OutsideReserve outside;
    try {
        const bool is_taken =
            reader_.feed({buffer.data(), static_cast<std::size_t>(count)}).has_value();
        return is_taken ? Io::goes_on : Io::ended;
    } catch (const std::bad_alloc&) {
        return Io::ended;
    }
}

void ControlConnection::add_output(std::string_view bytes, std::vector<Fd> descriptors) {
    output_.erase(0, sent_);
    descriptors_at_ -= std::min(descriptors_at_, sent_);
    sent_ = 0;
    const std::size_t begin = output_.size();
    output_ += bytes;
    if (descriptors.empty()) return;
    descriptors_at_ = begin;
    descriptors_ = std::move(descriptors);
}

ControlConnection::Io ControlConnection::write_some() {
    while (unsent() > 0) {
        const bool sends_descriptors = !descriptors_.empty() && descriptors_at_ == sent_;
        // The bytes before the one of the descriptors must not be in the same call as they are.
        const std::size_t end =
            descriptors_.empty() || sends_descriptors ? output_.size() : descriptors_at_;
        const ssize_t count = send_message(
            socket_, {output_.data() + sent_, end - sent_},
            sends_descriptors ? std::span<const Fd>{descriptors_} : std::span<const Fd>{});
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return Io::goes_on;
        if (count < 0) return Io::ended;
        if (sends_descriptors) sent_descriptors_ = std::exchange(descriptors_, {});
        sent_ += static_cast<std::size_t>(count);
    }
    // The memory of a long reply is not kept for the next.
    output_ = {};
    sent_ = 0;
    return Io::goes_on;
}

}  // namespace confinit
