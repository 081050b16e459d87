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
    state,    // the unit has come into another state
    skipped,  // it runs without an optional key
    drift,    // its confinement is found to differ from the unit
};

struct UnitEvent {
    std::chrono::system_clock::time_point time;
    std::string unit;
    EventKind kind = EventKind::state;
    std::string text;
    std::uint64_t number = 0;  // counts up over the life of the ring
};

class EventRing {
public:
    static constexpr std::size_t event_limit = 1000;
    static constexpr std::size_t text_limit = 1024;  // bytes; a longer text is cut

    void add(std::string_view unit, EventKind kind, std::string_view text);

    const std::deque<UnitEvent>& events() const { return events_; }
    std::uint64_t next_number() const { return next_number_; }

private:
    std::deque<UnitEvent> events_;
    std::uint64_t next_number_ = 1;
};

}  // namespace confinit
