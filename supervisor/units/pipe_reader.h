// SPDX-License-Identifier: Apache-2.0
// PipeReader: the end of a pipe that a service writes to, read without waiting for the service.
#pragma once

#include "base/fd.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/timer.h"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace confinit {

class PipeReader {
public:
    struct Listener {
        std::function<void(std::string_view bytes)> bytes;
        std::function<void()> end;  // nobody has the other end any more
    };

    // Begins at once. The pipe is made O_NONBLOCK.
    static Result<std::unique_ptr<PipeReader>> make(EventLoop& loop, Fd pipe, Hands::Owner owner,
                                                    Listener listener);
    PipeReader(const PipeReader&) = delete;
    PipeReader& operator=(const PipeReader&) = delete;
    ~PipeReader();

    // Reads what is there, however little there is, and calls `done` then, from the loop; at the
    // latest when the writer has held us up for too long. Once.
    void drain(std::function<void()> done);
    bool is_drained() const { return is_at_end_ || is_drained_; }

private:
    PipeReader(EventLoop& loop, Fd pipe, Hands::Owner owner, Listener listener)
        : loop_(loop), pipe_(std::move(pipe)), owner_(owner), listener_(std::move(listener)) {}

    void ask();
    void take(std::string_view bytes, int error);
    void read_here();
    void give_up_drain();
    void finish_drain();

    EventLoop& loop_;
    Fd pipe_;
    Hands::Owner owner_;
    Listener listener_;
    bool is_asked_ = false;
    bool is_at_end_ = false;
    bool is_drained_ = false;
    unsigned reads_ = 0;  // since the drain began
    std::function<void()> drained_;
    std::optional<Timer> timer_;
    Watch watch_;
};

}  // namespace confinit
