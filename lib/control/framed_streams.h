// SPDX-License-Identifier: Apache-2.0
// FramedStreams: carries descriptors over one connection as frames, in both directions, by poll(2).
//
// Both ends of the connection use it: the process that carries an entered command's streams, and
// svctl. It never waits but in poll, and holds a bounded number of bytes: a side that does not read
// makes the other one wait, as a pipe does.
#pragma once

#include "base/fd.h"
#include "control/frames.h"

#include <functional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class FramedStreams {
public:
    // Gets each frame that is of no source or sink; false when it does not belong here.
    using Handler = std::function<bool(const Frame& frame)>;
    // Is shown the bytes of sources as they are read.
    using Watcher = std::function<void(std::string_view bytes)>;
    // A peer may hang up while its bytes have no room. The carrier ends then; svctl still wants
    // them.
    enum class HangUp { ends_at_once, ends_behind_bytes };

    // A stream socket, which stays the caller's.
    FramedStreams(const Fd& link, HangUp hang_up, Handler handler)
        : link_(&link), hang_up_(hang_up), handler_(std::move(handler)) {}

    // Bytes that are read here go out as frames of this kind.
    void add_source(FrameKind kind, Fd fd) { sources_.push_back({kind, std::move(fd)}); }
    // The content of frames of this kind is written here.
    void add_sink(FrameKind kind, Fd fd) { sinks_.push_back({kind, std::move(fd)}); }
    void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }

    // Bytes to send behind those that wait.
    void send(std::string_view bytes) { outgoing_ += bytes; }
    // Bytes of the peer that came another way. False: they are no frames.
    bool take(std::string_view bytes);

    // A source ends when it is empty, or has given as much as it can hold now, though somebody goes
    // on writing. It must be O_NONBLOCK.
    void drain_sources();
    bool has_sent_all() const;
    // Nothing more is taken from the peer.
    void stop_reading() { is_reading_ = false; }
    // The peer is of no more use: from here on the sinks get what they have not taken.
    void leave_link();
    bool has_written_all() const;
    // Whether bytes of this kind have come that could not be written.
    bool has_lost(FrameKind kind) const;

    // Waits until something can be moved, and moves it; or until one of the others is ready, which
    // poll(2) fills in. `timed_out`: nothing has happened for so many milliseconds, -1 for ever.
    // `ended`: the peer has hung up. `broken`: it sends what are no frames.
    enum class Turn { goes_on, timed_out, ended, broken };
    Turn turn(std::span<pollfd> others, int timeout = -1);

private:
    struct Source {
        FrameKind kind{};
        Fd fd;
        std::size_t left = 0;  // while it is drained
    };
    struct Sink {
        FrameKind kind{};
        Fd fd;
        std::string buffer = {};
        bool is_ending = false;  // its last byte is in the buffer
        bool has_lost = false;
    };

    bool has_room() const;
    bool may_read_link() const;
    pollfd wanted_of_link() const;
    Turn handle_link(short events);
    Turn read_link();
    bool write_link();
    void read_source(Source& source, short events);
    void write_sink(Sink& sink, short events);
    bool dispatch(Frame frame);

    const Fd* link_;  // null once it is left
    HangUp hang_up_;
    Handler handler_;
    Watcher watcher_;
    FrameReader reader_;
    std::string outgoing_;
    std::vector<Source> sources_;
    std::vector<Sink> sinks_;
    bool is_draining_ = false;
    bool is_reading_ = true;
};

}  // namespace confinit
