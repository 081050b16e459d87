// SPDX-License-Identifier: Apache-2.0
// EventQueue: what has happened to runs and is yet to be told to the engine; nothing gets lost.
#pragma once

#include "engine/types.h"
#include "event_loop.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace confinit {

struct RunEvent {
    std::string unit;
    std::uint64_t run_number = 0;
    engine::Event event{};
};

class EventQueue {
public:
    // Whether it was the first one, so that somebody has to call handle_all().
    bool push(RunEvent event);

    // Hands out what is there now, the oldest first; what is pushed meanwhile stays for the next
    // call. An event leaves the queue when its handler has returned. After an exception, which goes
    // on to the caller, it is tried again with all that follow it, at next_try().
    void handle_all(Clock::time_point now, const std::function<void(const RunEvent&)>& handler);

    // When to call handle_all() again because of an exception.
    std::optional<Clock::time_point> next_try() const;

    bool is_empty() const { return entries_.empty(); }

private:
    struct Entry {
        RunEvent event;
        unsigned tries = 0;
    };

    std::deque<Entry> entries_;
    std::optional<Clock::time_point> retry_at_;
};

}  // namespace confinit
