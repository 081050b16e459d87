// SPDX-License-Identifier: Apache-2.0
// Timer: one deadline of its own for whoever has it only now and then: timerfd_create(2).
#pragma once

#include "supervisor/loop/event_loop.h"

#include <functional>
#include <optional>

namespace confinit {

class Timer {
public:
    // `fire` is called once for each deadline that passes, and again after an exception.
    static Result<Timer> make(EventLoop& loop, std::function<void()> fire);

    void set(Clock::duration length);
    // One that has passed is due at once; without any the timer stops.
    void set_until(std::optional<Clock::time_point> deadline);
    void stop() { set(Clock::duration::zero()); }

private:
    Timer(Fd fd, Watch watch) : fd_(std::move(fd)), watch_(std::move(watch)) {}

    Fd fd_;
    Watch watch_;
};

}  // namespace confinit
