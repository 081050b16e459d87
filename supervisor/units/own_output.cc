// SPDX-License-Identifier: Apache-2.0
// OwnOutput: the supervisor's standard output or error, for the lines of units.
#include "supervisor/units/own_output.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

bool has_room(const Fd& output, int milliseconds) {
    pollfd state{.fd = output.get(), .events = POLLOUT, .revents = 0};
    return poll(&state, 1, milliseconds) == 1 && (state.revents & POLLOUT) != 0;
}

bool is_of_socket(int descriptor) {
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

}  // namespace

// A description of our own has flags of its own: the shared one belongs to whoever started us. A
// socket cannot be opened again, nor a pipe of another user, nor anything without /proc.
void OwnOutput::open_output() {
    way_ = Way::none;
    const bool is_socket = is_of_socket(descriptor_);
    const std::string path = fmt::format("/proc/self/fd/{}", descriptor_);
    constexpr int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND;
    if (!is_socket) output_ = Fd{open(path.c_str(), flags)};
    if (output_) {
        way_ = Way::reopened;
        return;
    }
    output_ = Fd{fcntl(descriptor_, F_DUPFD_CLOEXEC, 3)};
    if (output_) way_ = is_socket ? Way::socket : Way::polled;
}

void OwnOutput::write(std::string text) {
    if (way_ == Way::unopened) open_output();
    if (way_ == Way::none || text.empty()) return;
    if (bytes_ + text.size() > byte_limit) {
        ++dropped_;
        ++dropped_untold_;
        return;
    }
    if (const auto lost = std::exchange(dropped_untold_, 0); lost > 0) {
        waiting_.push_back(fmt::format("confinit: {} lines were dropped\n", lost));
        bytes_ += waiting_.back().size();
    }
    bytes_ += text.size();
    waiting_.push_back(std::move(text));
    if (!room_) flush();
}

void OwnOutput::flush() {
    while (!waiting_.empty()) {
        if (!send_front()) return watch_for_room();
    }
    room_.reset();
}

// Whether the first of those that wait has gone out whole.
bool OwnOutput::send_front() {
    const std::string& text = waiting_.front();
    const ssize_t count = put(text.data() + sent_of_front_, text.size() - sent_of_front_);
    if (count < 0 && errno == EINTR) return send_front();
    if (count < 0 && errno != EAGAIN) {
        // EPIPE and its like: there is no reader, and there will be none.
        way_ = Way::none;
        dropped_ += waiting_.size();
        waiting_.clear();
        bytes_ = 0;
        return true;
    }
    sent_of_front_ += count < 0 ? 0 : static_cast<std::size_t>(count);
    if (sent_of_front_ < text.size()) return false;
    sent_of_front_ = 0;
    bytes_ -= text.size();
    waiting_.pop_front();
    return true;
}

// A pipe that poll(2) calls writable has a free page, and takes PIPE_BUF bytes without a wait.
ssize_t OwnOutput::put(const char* bytes, std::size_t count) {
    if (way_ == Way::socket) return send(output_.get(), bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (way_ == Way::polled && !has_room(output_, 0)) {
        errno = EAGAIN;
        return -1;
    }
    const std::size_t most = way_ == Way::polled ? std::size_t{PIPE_BUF} : count;
    return ::write(output_.get(), bytes, std::min(count, most));
}

// A file of a kind that epoll(7) does not take has room, or fails.
void OwnOutput::watch_for_room() {
    if (room_) return;
    auto watch = loop_.on_fd(output_, EPOLLOUT, [this](std::uint32_t) { flush(); });
    if (watch) room_ = std::move(*watch);
}

void OwnOutput::finish(Clock::time_point until) {
    room_.reset();
    while (way_ != Way::none && !waiting_.empty()) {
        if (send_front()) continue;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0 || !has_room(output_, static_cast<int>(left))) return;
    }
}

}  // namespace confinit
