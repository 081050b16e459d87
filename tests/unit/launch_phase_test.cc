// SPDX-License-Identifier: Apache-2.0
// How far a launch has come: every event, in every order.
#include "supervisor/units/launch_phase.h"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <span>
#include <vector>

namespace confinit {
namespace {

constexpr std::array all_events{
    LaunchEvent::made,        LaunchEvent::refused,    LaunchEvent::failed,
    LaunchEvent::mark,        LaunchEvent::hang_up,    LaunchEvent::handed_over,
    LaunchEvent::first_ended, LaunchEvent::main_ended,
};

// Calls with each sequence of events up to this length.
void each_sequence(std::size_t length,
                   const std::function<void(std::span<const LaunchEvent>)>& look) {
    std::vector<LaunchEvent> events;
    const std::function<void()> grow = [&] {
        if (!events.empty()) look(events);
        if (events.size() == length) return;
        for (const LaunchEvent event : all_events) {
            events.push_back(event);
            grow();
            events.pop_back();
        }
    };
    grow();
}

LaunchPhase phase_of(std::span<const LaunchEvent> events) {
    LaunchPhase phase = LaunchPhase::asked;
    for (const LaunchEvent event : events)
        phase = phase_after(phase, event);
    return phase;
}

LaunchPhase phase_of(std::initializer_list<LaunchEvent> events) {
    return phase_of(std::span{events.begin(), events.size()});
}

// The phases are to say this, in other words than the table's.
struct Facts {
    bool is_made = false;
    bool is_marked = false;
    bool has_failed = false;  // after the mark
    bool has_hung_up = false;
    bool is_handed_over = false;
    bool has_ended = false;

    void hear(LaunchEvent event) {
        if (has_ended) return;
        if (!is_made) {
            is_made = event == LaunchEvent::made;
            has_ended = event == LaunchEvent::refused;
            return;
        }
        if (is_marked) return hear_after_mark(event);
        if (event == LaunchEvent::mark && !has_hung_up) is_marked = true;
        if (event == LaunchEvent::hang_up) has_hung_up = true;
        if (event == LaunchEvent::handed_over) is_handed_over = true;
        const bool is_first_gone = event == LaunchEvent::first_ended && !is_handed_over;
        has_ended = is_first_gone || (is_handed_over && has_hung_up);
    }

    void hear_after_mark(LaunchEvent event) {
        if (event == LaunchEvent::failed && !has_hung_up) has_failed = true;
        if (event == LaunchEvent::hang_up && !has_failed) has_hung_up = true;
        has_ended = event == LaunchEvent::main_ended;
    }

    LaunchPhase phase() const {
        if (has_ended) return LaunchPhase::ended;
        if (!is_made) return LaunchPhase::asked;
        if (is_marked) {
            if (has_failed) return LaunchPhase::failing;
            return has_hung_up ? LaunchPhase::running : LaunchPhase::executing;
        }
        if (has_hung_up) return LaunchPhase::silent;
        return is_handed_over ? LaunchPhase::handed_over : LaunchPhase::made;
    }
};

}  // namespace

TEST_CASE("a launch is what has been heard of it, in every order of events", "[launch][N9]") {
    std::size_t wrong = 0;
    each_sequence(6, [&](std::span<const LaunchEvent> events) {
        Facts facts;
        for (const LaunchEvent event : events)
            facts.hear(event);
        if (phase_of(events) != facts.phase()) ++wrong;
    });
    CHECK(wrong == 0);
}

TEST_CASE("a launch that has ended stays so, and none runs without a process and its mark",
          "[launch][N9]") {
    std::size_t wrong = 0;
    each_sequence(5, [&](std::span<const LaunchEvent> events) {
        const LaunchPhase before = phase_of(events.first(events.size() - 1));
        const LaunchPhase phase = phase_of(events);
        const bool runs = phase == LaunchPhase::running;
        if (before == LaunchPhase::ended && phase != LaunchPhase::ended) ++wrong;
        if (runs && before != LaunchPhase::executing && before != LaunchPhase::running) ++wrong;
        if (before == LaunchPhase::asked && has_mark(phase)) ++wrong;
        if (before == LaunchPhase::failing && runs) ++wrong;
    });
    CHECK(wrong == 0);
}

TEST_CASE("the usual ways of a launch", "[launch]") {
    using enum LaunchEvent;
    CHECK(phase_of({made, mark, hang_up}) == LaunchPhase::running);
    CHECK(phase_of({made, mark, hang_up, main_ended}) == LaunchPhase::ended);
    CHECK(phase_of({made, failed, hang_up, first_ended}) == LaunchPhase::ended);
    CHECK(phase_of({made, mark, failed, hang_up}) == LaunchPhase::failing);
    CHECK(phase_of({made, handed_over, mark, hang_up}) == LaunchPhase::running);
    CHECK(phase_of({made, mark, handed_over, hang_up}) == LaunchPhase::running);
    CHECK(phase_of({made, handed_over, hang_up}) == LaunchPhase::ended);
    CHECK(phase_of({made, hang_up, handed_over}) == LaunchPhase::ended);
    CHECK(phase_of({refused}) == LaunchPhase::ended);
}

}  // namespace confinit
