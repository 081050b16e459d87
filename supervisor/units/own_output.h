// SPDX-License-Identifier: Apache-2.0
// OwnOutput: the supervisor's standard output or error, for the lines of units. It never waits for
// a reader: what does not fit is kept up to a bound, then dropped and counted.
#pragma once

#include "base/clock.h"
#include "base/fd.h"
#include "supervisor/loop/event_loop.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace confinit {

class OwnOutput {
public:
    static constexpr std::size_t byte_limit = 256 * 1024;  // that wait for a slow reader

    // Descriptor 1 or 2, or another one for tests. O_NONBLOCK is never set on what others share.
    OwnOutput(EventLoop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {}

    // Whole lines, or a piece of one. It goes out at once, or as soon as there is room.
    void write(std::string text);

    // Waits for room up to this time, for the last words before the end.
    void finish(Clock::time_point until);

    std::uint64_t dropped() const { return dropped_; }

private:
    // The kinds of descriptor differ in how a write is kept from waiting.
    enum class Way {
        unopened,  // nothing was written yet
        reopened,  // a description of our own, with O_NONBLOCK
        socket,    // MSG_DONTWAIT
        polled,    // a pipe that cannot be opened again: only as much as surely fits
        none,      // it is closed, or nobody reads it any more
    };

    void open_output();
    void flush();
    bool send_front();
    ssize_t put(const char* bytes, std::size_t count);
    void watch_for_room();

    EventLoop& loop_;
    int descriptor_;
    Fd output_;
    Way way_ = Way::unopened;
    std::deque<std::string> waiting_;
    std::size_t sent_of_front_ = 0;
    std::size_t bytes_ = 0;      // that wait
    std::uint64_t dropped_ = 0;  // writes, in all
    std::uint64_t dropped_untold_ = 0;
    Watch room_;
};

}  // namespace confinit
