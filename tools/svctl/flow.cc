// SPDX-License-Identifier: Apache-2.0
// Flow: carries bytes from one descriptor to another, driven by poll(2), without ever waiting.
#include "svctl/flow.h"

#include "base/held_bytes.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::size_t buffer_size = 65536;
constexpr short ended = POLLHUP | POLLERR | POLLNVAL;

}  // namespace

std::array<pollfd, 2> Flow::wanted() const {
    const bool has_room = buffer_.size() < buffer_size;
    const short output = buffer_.empty() ? 0 : POLLOUT;
    return {pollfd{.fd = has_room ? source_.get() : -1, .events = POLLIN, .revents = 0},
            pollfd{.fd = destination_.get(), .events = output, .revents = 0}};
}

void Flow::handle(std::span<const pollfd, 2> results) {
    const bool is_readable = (results[0].revents & (POLLIN | ended)) != 0;
    if (source_ && (is_readable || ends_when_empty_)) read_some();
    if (destination_ && (results[1].revents & POLLOUT) != 0 && !buffer_.empty()) {
        write_some();
    } else if (destination_ && (results[1].revents & ended) != 0) {
        give_up();
    }
    if (!source_ && buffer_.empty()) destination_.reset();
}

void Flow::end_when_empty() {
    ends_when_empty_ = true;
    left_ = most_held_bytes(source_);
}

void Flow::read_some() {
    std::array<char, 16384> bytes;
    do {
        const std::size_t room = std::min(bytes.size(), buffer_size - buffer_.size());
        if (room == 0) return;
        const std::size_t most = ends_when_empty_ ? std::min(room, left_) : room;
        const ssize_t count = read(source_.get(), bytes.data(), most);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN && !ends_when_empty_) return;
        // The master of a terminal answers EIO once nobody holds the terminal open: pty(7).
        if (count <= 0) return source_.reset();
        const std::string_view read_bytes{bytes.data(), static_cast<std::size_t>(count)};
        if (watcher_) watcher_(read_bytes);
        buffer_ += read_bytes;
        if (ends_when_empty_) left_ -= read_bytes.size();
    } while (ends_when_empty_);
}

void Flow::write_some() {
    const std::size_t size = std::min<std::size_t>(buffer_.size(), PIPE_BUF);
    const ssize_t count = write(destination_.get(), buffer_.data(), size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count < 0) return give_up();
    buffer_.erase(0, static_cast<std::size_t>(count));
}

void Flow::give_up() {
    is_broken_ = true;
    buffer_.clear();
    source_.reset();
    destination_.reset();
}

}  // namespace confinit
