// SPDX-License-Identifier: Apache-2.0
// MemoryStall: tells when a service has stood still for want of memory for too long.
#include "supervisor/units/memory_stall.h"

#include "base/file.h"

#include <fcntl.h>
#include <string_view>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::seconds window{1};
// 800 of 1000 milliseconds, in microseconds.
constexpr std::string_view trigger_text = "full 800000 1000000";

}  // namespace

bool StallClock::take(Clock::time_point now, std::uint64_t slowed_down) {
    const bool has_paused = !since_ || now - last_ > 2 * window;
    last_ = now;
    if (has_paused) {
        // The kernel tells of the window that has just ended.
        since_ = now - window;
        slowed_down_ = slowed_down;
    }
    return now - *since_ >= timeout_ && slowed_down > slowed_down_;
}

MemoryStall::MemoryStall(Fd trigger, const Cgroup& node, Clock::duration timeout,
                         std::function<void()> stalled)
    : trigger_(std::move(trigger)), node_(node), clock_(timeout), stalled_(std::move(stalled)) {}

Result<std::unique_ptr<MemoryStall>> MemoryStall::watch(EventLoop& loop, const Cgroup& node,
                                                        Clock::duration timeout,
                                                        std::function<void()> stalled) {
    Fd trigger = TRY(open_at(node.directory().get(), "memory.pressure", O_RDWR | O_NONBLOCK));
    if (write(trigger.get(), trigger_text.data(), trigger_text.size()) < 0) {
        return errno_failure("write", node.path() + "/memory.pressure");
    }
    std::unique_ptr<MemoryStall> stall{
        new MemoryStall(std::move(trigger), node, timeout, std::move(stalled))};
    MemoryStall* const self = stall.get();
    stall->watch_ = TRY(loop.on_fd(stall->trigger_, EPOLLPRI,
                                   [self](std::uint32_t events) { self->on_event(events); }));
    return stall;
}

void MemoryStall::on_event(std::uint32_t events) {
    // The node is gone, which would be reported for ever.
    if ((events & EPOLLERR) != 0) return watch_.reset();
    const auto slowed_down = node_.read_field("memory.events", "high").value_or(0);
    if (!clock_.take(Clock::now(), slowed_down)) return;
    watch_.reset();
    stalled_();
}

}  // namespace confinit
