// SPDX-License-Identifier: Apache-2.0
// ReapingLoop: the loop and the reaper, connected as the supervisor connects them.
#pragma once

#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace confinit {

struct ReapingLoop {
    ReapingLoop() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        REQUIRE(sigprocmask(SIG_BLOCK, &set, &mask_before) == 0);
        signals = Fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
        watch = *loop->on_fd(signals, EPOLLIN, [this](std::uint32_t) {
            signalfd_siginfo info{};
            while (read(signals.get(), &info, sizeof info) > 0) {
            }
            (void)reaper.reap(256);
        });
    }
    ReapingLoop(const ReapingLoop&) = delete;
    ReapingLoop& operator=(const ReapingLoop&) = delete;
    ~ReapingLoop() { (void)sigprocmask(SIG_SETMASK, &mask_before, nullptr); }

    // Fails where it is not reached in a time that no machine needs.
    void turn_until(const std::function<bool()>& is_reached) {
        const auto limit = Clock::now() + std::chrono::seconds{60};
        loop->set_timer([limit] { return limit; }, [] {});
        while (!is_reached()) {
            REQUIRE(Clock::now() < limit);
            REQUIRE(loop->run_once());
        }
        loop->set_timer({}, {});
    }

    sigset_t mask_before{};
    std::unique_ptr<EventLoop> loop = *EventLoop::make();
    Reaper reaper;
    Fd signals;
    Watch watch;
};

}  // namespace confinit
