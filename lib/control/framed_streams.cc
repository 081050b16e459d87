// SPDX-License-Identifier: Apache-2.0
// FramedStreams: carries descriptors over one connection as frames, in both directions, by poll(2).
#include "control/framed_streams.h"

#include "base/held_bytes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <sys/socket.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::size_t buffer_size = 65536;
constexpr std::size_t piece_size = 16384;
constexpr short hung_up = POLLHUP | POLLERR | POLLNVAL;

bool is_for_later() {
    return errno == EAGAIN || errno == EINTR;
}

}  // namespace

bool FramedStreams::take(std::string_view bytes) {
    reader_.feed(bytes);
    for (;;) {
        auto frame = reader_.next();
        if (!frame) return false;
        if (!*frame) return true;
        if (!dispatch(std::move(**frame))) return false;
    }
}

bool FramedStreams::dispatch(Frame frame) {
    const auto source = std::ranges::find(sources_, frame.kind, &Source::kind);
    if (source != sources_.end()) {
        // Its reader is gone; the writer behind the source hears of it by SIGPIPE.
        if (frame.content.empty()) source->fd.reset();
        return frame.content.empty();
    }
    const auto sink = std::ranges::find(sinks_, frame.kind, &Sink::kind);
    if (sink == sinks_.end()) return handler_(frame);
    sink->is_ending = sink->is_ending || frame.content.empty();
    sink->has_lost = sink->has_lost || (!sink->fd && !frame.content.empty());
    if (sink->fd && !sink->is_ending) sink->buffer += frame.content;
    if (sink->is_ending && sink->buffer.empty()) sink->fd.reset();
    return true;
}

void FramedStreams::drain_sources() {
    is_draining_ = true;
    for (Source& source : sources_)
        source.left = most_held_bytes(source.fd);
}

void FramedStreams::leave_link() {
    link_ = nullptr;
    sources_.clear();
    outgoing_.clear();
}

bool FramedStreams::has_room() const {
    return std::ranges::all_of(sinks_,
                               [](const Sink& sink) { return sink.buffer.size() < buffer_size; });
}

bool FramedStreams::may_read_link() const {
    return is_reading_ && has_room();
}

bool FramedStreams::has_sent_all() const {
    return outgoing_.empty() &&
           std::ranges::none_of(sources_, [](const Source& source) { return bool{source.fd}; });
}

bool FramedStreams::has_lost(FrameKind kind) const {
    const auto sink = std::ranges::find(sinks_, kind, &Sink::kind);
    return sink != sinks_.end() && sink->has_lost;
}

bool FramedStreams::has_written_all() const {
    return std::ranges::all_of(sinks_, [](const Sink& sink) { return sink.buffer.empty(); });
}

// An entry that waits for nothing still tells of a hang-up, again and again.
pollfd FramedStreams::wanted_of_link() const {
    if (link_ == nullptr) return {.fd = -1, .events = 0, .revents = 0};
    const int input = may_read_link() ? POLLIN : 0;
    const int output = outgoing_.empty() ? 0 : POLLOUT;
    const bool is_idle = input == 0 && output == 0;
    const bool is_left_alone = is_idle && hang_up_ == HangUp::ends_behind_bytes;
    return {.fd = is_left_alone ? -1 : link_->get(),
            .events = static_cast<short>(input | output),
            .revents = 0};
}

FramedStreams::Turn FramedStreams::turn(std::span<pollfd> others, int timeout) {
    std::vector<pollfd> polled{wanted_of_link()};
    const bool has_space = outgoing_.size() < buffer_size;
    for (const Source& source : sources_)
        polled.push_back({has_space ? source.fd.get() : -1, POLLIN, 0});
    for (const Sink& sink : sinks_)
        polled.push_back({sink.fd.get(), static_cast<short>(sink.buffer.empty() ? 0 : POLLOUT), 0});
    polled.insert(polled.end(), others.begin(), others.end());
    const bool has_source = std::ranges::any_of(sources_, [](const auto& one) { return !!one.fd; });
    const bool drains_now = is_draining_ && has_source && has_space;

    const int count = poll(polled.data(), polled.size(), drains_now ? 0 : timeout);
    if (count < 0) return Turn::goes_on;
    std::span<const pollfd> results{polled};
    std::ranges::copy(results.last(others.size()), others.begin());
    if (count == 0 && !drains_now) return Turn::timed_out;
    const short link_events = results.front().revents;
    results = results.subspan(1);
    for (std::size_t i = 0; i < sources_.size(); ++i)
        read_source(sources_[i], results[i].fd < 0 ? short{0} : results[i].revents);
    results = results.subspan(sources_.size());
    for (std::size_t i = 0; i < sinks_.size(); ++i)
        write_sink(sinks_[i], results[i].revents);
    return handle_link(link_events);
}

FramedStreams::Turn FramedStreams::handle_link(short events) {
    if ((events & POLLOUT) != 0 && !write_link()) return Turn::ended;
    if (may_read_link() && (events & (POLLIN | hung_up)) != 0) return read_link();
    const bool is_over = (events & hung_up) != 0 && hang_up_ == HangUp::ends_at_once;
    return is_over ? Turn::ended : Turn::goes_on;
}

FramedStreams::Turn FramedStreams::read_link() {
    std::array<char, piece_size> bytes;
    const ssize_t count = recv(link_->get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && is_for_later()) return Turn::goes_on;
    if (count <= 0) return Turn::ended;
    return take({bytes.data(), static_cast<std::size_t>(count)}) ? Turn::goes_on : Turn::broken;
}

bool FramedStreams::write_link() {
    const ssize_t count =
        ::send(link_->get(), outgoing_.data(), outgoing_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return is_for_later();
    outgoing_.erase(0, static_cast<std::size_t>(count));
    return true;
}

void FramedStreams::read_source(Source& source, short events) {
    const bool is_ready = (events & (POLLIN | hung_up)) != 0;
    if (!source.fd || (!is_ready && !is_draining_) || outgoing_.size() >= buffer_size) return;
    std::array<char, piece_size> bytes;
    const std::size_t most = is_draining_ ? std::min(source.left, bytes.size()) : bytes.size();
    const ssize_t count = read(source.fd.get(), bytes.data(), most);
    if (count < 0 && errno == EINTR) return;
    if (count < 0 && errno == EAGAIN && !is_draining_) return;
    const std::string_view read_bytes{bytes.data(), static_cast<std::size_t>(std::max(count, {}))};
    if (watcher_) watcher_(read_bytes);
    // An empty one is the end. The master of a terminal answers EIO there: pty(7).
    outgoing_ += encode_frame(source.kind, read_bytes);
    if (count <= 0) return source.fd.reset();
    if (is_draining_) source.left -= read_bytes.size();
}

// A write of no more than PIPE_BUF finds room where poll(2) has promised some, so that the
// descriptor need not be O_NONBLOCK.
void FramedStreams::write_sink(Sink& sink, short events) {
    if (!sink.fd) return;
    const bool may_write = (events & POLLOUT) != 0 && !sink.buffer.empty();
    ssize_t count = 0;
    if (may_write) {
        const std::size_t size = std::min<std::size_t>(sink.buffer.size(), PIPE_BUF);
        count = write(sink.fd.get(), sink.buffer.data(), size);
        if (count < 0 && is_for_later()) return;
        if (count > 0) sink.buffer.erase(0, static_cast<std::size_t>(count));
    }
    const bool is_gone = count < 0 || (!may_write && (events & hung_up) != 0);
    if (is_gone && !sink.is_ending) outgoing_ += encode_frame(sink.kind, {});
    sink.has_lost = sink.has_lost || (is_gone && !sink.buffer.empty());
    if (is_gone) sink.buffer.clear();
    if (is_gone || (sink.is_ending && sink.buffer.empty())) sink.fd.reset();
}

}  // namespace confinit
