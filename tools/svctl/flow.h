// SPDX-License-Identifier: Apache-2.0
// Flow: carries bytes from one descriptor to another, driven by poll(2), without ever waiting.
#pragma once

#include "base/fd.h"

#include <array>
#include <cstddef>
#include <functional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>

namespace confinit {

// Flow owns both ends and closes them as soon as they are of no more use: the destination when the
// source has ended and everything is written, which passes the end on; and the source when nobody
// reads the destination any more, which passes SIGPIPE on.
//
// O_NONBLOCK is a property of the open file, which a shell shares with us on standard input and
// output; so it is not needed here. Reads and writes happen after poll(2) has promised room, and
// a write is no longer than PIPE_BUF, for which that promise holds.
class Flow {
public:
    using Watcher = std::function<void(std::string_view bytes)>;

    Flow(Fd source, Fd destination)
        : source_(std::move(source)), destination_(std::move(destination)) {}

    // Is shown all bytes as they are read.
    void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }

    // What poll(2) is to wait for; what is not wanted has a descriptor of -1.
    std::array<pollfd, 2> wanted() const;

    // Reads and writes what the results of that poll(2) allow.
    void handle(std::span<const pollfd, 2> results);

    // From here on the source counts as ended as soon as it is empty, or has given as much as it
    // can hold now, though somebody goes on writing. It must be O_NONBLOCK.
    void end_when_empty();

    bool is_done() const { return !destination_; }

    // Whether the destination went away before everything was written.
    bool is_broken() const { return is_broken_; }

private:
    void read_some();
    void write_some();
    void give_up();

    Fd source_;
    Fd destination_;
    std::string buffer_;
    Watcher watcher_;
    bool ends_when_empty_ = false;
    std::size_t left_ = 0;  // while it is to end so
    bool is_broken_ = false;
};

}  // namespace confinit
