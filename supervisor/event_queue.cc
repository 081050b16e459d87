// SPDX-License-Identifier: Apache-2.0
// EventQueue: what has happened to runs and is yet to be told to the engine; nothing gets lost.
#include "event_queue.h"

#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::milliseconds pause_after_exception{100};

// An event that nothing helps must not hold up the others for ever.
constexpr unsigned most_tries = 100;

}  // namespace

bool EventQueue::push(RunEvent event) {
    entries_.push_back({std::move(event)});
    // There may be no memory to ask for handle_all(): it is called all the same, a moment later.
    if (!retry_at_) retry_at_ = Clock::now() + pause_after_exception;
    return entries_.size() == 1;
}

void EventQueue::handle_all(Clock::time_point now,
                            const std::function<void(const RunEvent&)>& handler) {
    retry_at_ = now + pause_after_exception;
    for (std::size_t count = entries_.size(); count > 0; --count) {
        // A push does not move the other elements of a deque.
        Entry& entry = entries_.front();
        if (++entry.tries <= most_tries) handler(entry.event);
        entries_.pop_front();
    }
    if (entries_.empty()) retry_at_.reset();
}

std::optional<Clock::time_point> EventQueue::next_try() const {
    return retry_at_;
}

}  // namespace confinit
