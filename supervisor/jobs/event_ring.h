// SPDX-License-Identifier: Apache-2.0
// EventRing: what has happened to the units lately, bounded; the oldest events give way.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace confinit {

enum class EventKind {
    state,     // the unit has come into another state
    skipped,   // it runs without an optional key
    drift,     // its confinement is found to differ from the unit
    asked,     // a deputy was obeyed: what it asked for, and in whose name
    name,      // the bus name that makes it ready has come to it, or has gone
    job,       // a request to start, stop or restart it has begun or is over
    stale,     // what its launch was planned from has changed, and it is planned again
    launched,  // the program of its main process runs
    units,     // the set of units has changed; of a single unit, that it is forgotten
};

struct UnitEvent {
    std::chrono::system_clock::time_point time;
    std::string unit;
    EventKind kind = EventKind::state;
    std::string text;
    std::uint64_t number = 0;  // counts up over the life of the ring
    std::uint64_t job = 0;     // of a job
    std::string result = {};   // of a job that is over
};

class EventRing {
public:
    static constexpr std::size_t event_limit = 2000;
    static constexpr std::size_t text_limit = 1024;  // bytes; a longer text is cut

    UnitEvent& add(std::string_view unit, EventKind kind, std::string_view text);

    const std::deque<UnitEvent>& events() const { return events_; }
    std::uint64_t next_number() const { return next_number_; }

private:
    std::deque<UnitEvent> events_;
    std::uint64_t next_number_ = 1;
};

}  // namespace confinit
