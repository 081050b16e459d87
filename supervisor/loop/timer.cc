// SPDX-License-Identifier: Apache-2.0
// Timer: one deadline of its own for whoever has it only now and then: timerfd_create(2).
#include "supervisor/loop/timer.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::chrono::milliseconds pause_after_exception{100};

void set_timer(int timer, Clock::duration length) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds{length - seconds}.count();
    // It fails only for a time that cannot be.
    (void)timerfd_settime(timer, 0, &when, nullptr);
}

}  // namespace

Result<Timer> Timer::make(EventLoop& loop, std::function<void()> fire) {
    Fd fd{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (!fd) return errno_failure("timerfd_create");
    const int number = fd.get();
    Watch watch = TRY(loop.on_fd(fd, EPOLLIN, [number, fire = std::move(fire)](std::uint32_t) {
        std::uint64_t expirations = 0;
        // A deadline that was moved since this batch began is not due any more.
        if (read(number, &expirations, sizeof expirations) != sizeof expirations) return;
        try {
            fire();
        } catch (const std::exception&) {
            set_timer(number, pause_after_exception);
            throw;
        }
    }));
    return Timer{std::move(fd), std::move(watch)};
}

void Timer::set(Clock::duration length) {
    set_timer(fd_.get(), length);
}

// The kernel takes a length of zero for a stop.
void Timer::set_until(std::optional<Clock::time_point> deadline) {
    if (!deadline) return stop();
    set(std::max<Clock::duration>(*deadline - Clock::now(), std::chrono::milliseconds{1}));
}

}  // namespace confinit
