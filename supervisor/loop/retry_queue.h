// SPDX-License-Identifier: Apache-2.0
// RetryQueue: entries whose handler may fail by an exception, for want of memory; none gets lost
// untold.
#pragma once

#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/memory_reserve.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

namespace confinit {

template <class Entry>
class RetryQueue {
public:
    // The caller sees to it that it is handled. There may be no memory to ask for that: then
    // next_try() does, a moment later.
    void push(Entry entry) {
        waiting_.push_back({std::move(entry)});
        if (!retry_at_) retry_at_ = Clock::now() + pause_after_exception;
    }

    using Handler = std::function<void(const Entry&)>;

    // Hands out what is there now, the oldest first; what is pushed meanwhile stays for the next
    // call. An entry leaves the queue when its handler has returned. After an exception, which goes
    // on to the caller, it is tried again with all that follow it, not before next_try(). One that
    // nothing helps must not hold up the others for ever: in the end it is given up.
    void handle_all(Clock::time_point now, const Handler& handler, const Handler& give_up) {
        if (is_resting(now)) return;
        for (std::size_t count = waiting_.size(); count > 0; --count)
            handle_first(now, handler, give_up);
    }

    // The oldest alone; it must be there, and not be resting. While PID 1 has no memory at all that
    // is no try.
    void handle_first(Clock::time_point now, const Handler& handler, const Handler& give_up) {
        retry_at_ = now + pause_after_exception;
        const MemoryReserve reserve;
        // A push does not move the other elements of a deque.
        Waiting& first = waiting_.front();
        (++first.tries <= most_tries ? handler : give_up)(first.entry);
        waiting_.pop_front();
        if (waiting_.empty()) retry_at_.reset();
    }

    // When to handle them, should nobody have called by then.
    std::optional<Clock::time_point> next_try() const { return retry_at_; }

    // Whether the oldest has failed, and is not to be tried yet.
    bool is_resting(Clock::time_point now) const {
        return !waiting_.empty() && waiting_.front().tries > 0 && retry_at_ && now < *retry_at_;
    }

    bool is_empty() const { return waiting_.empty(); }

private:
    static constexpr std::chrono::milliseconds pause_after_exception{100};
    static constexpr unsigned most_tries = 100;

    struct Waiting {
        Entry entry;
        unsigned tries = 0;
    };

    std::deque<Waiting> waiting_;
    std::optional<Clock::time_point> retry_at_;
};

}  // namespace confinit
