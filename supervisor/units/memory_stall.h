// SPDX-License-Identifier: Apache-2.0
// MemoryStall: tells when a service has stood still for want of memory for too long.
//
// The kernel wakes us once in a second in which all of the node's processes waited for memory most
// of the time, and never else: Documentation/accounting/psi.rst, "Monitoring for pressure
// thresholds".
#pragma once

#include "kernel/cgroup.h"
#include "supervisor/loop/event_loop.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace confinit {

// The judgement alone: which events make a stall.
class StallClock {
public:
    explicit StallClock(Clock::duration timeout) : timeout_(timeout) {}

    // An event of the kernel, with the count of "high" in memory.events at that time. True when the
    // service has been stalled without a pause for the whole time, and was slowed down all along.
    bool take(Clock::time_point now, std::uint64_t slowed_down);

private:
    Clock::duration timeout_;
    std::optional<Clock::time_point> since_;
    Clock::time_point last_{};
    std::uint64_t slowed_down_ = 0;  // when the stall began
};

class MemoryStall {
public:
    // Fails where the kernel has no pressure accounting, or where it is switched off. The node must
    // stay while this does.
    static Result<std::unique_ptr<MemoryStall>> watch(EventLoop& loop, const Cgroup& node,
                                                      Clock::duration timeout,
                                                      std::function<void()> stalled);

private:
    MemoryStall(Fd trigger, const Cgroup& node, Clock::duration timeout,
                std::function<void()> stalled);
    void on_event(std::uint32_t events);

    Fd trigger_;
    const Cgroup& node_;
    StallClock clock_;
    std::function<void()> stalled_;
    Watch watch_;
};

}  // namespace confinit
