// SPDX-License-Identifier: Apache-2.0
// The queue of run events: an exception in a handler loses none of them.
#include "event_queue.h"

#include <catch2/catch.hpp>

#include <new>
#include <string>

namespace confinit {
namespace {

using namespace std::chrono_literals;

EventQueue queue_of(std::initializer_list<const char*> units) {
    EventQueue queue;
    for (const char* unit : units)
        queue.push({.unit = unit});
    return queue;
}

TEST_CASE("an event whose handler fails is tried again, and then all that follow it",
          "[supervisor][N1]") {
    EventQueue queue = queue_of({"a", "b", "c"});
    const Clock::time_point now{};
    std::string handled;
    bool is_full = true;
    const auto handler = [&](const RunEvent& event) {
        if (event.unit == "b" && std::exchange(is_full, false)) throw std::bad_alloc{};
        handled += event.unit;
    };

    CHECK_THROWS_AS(queue.handle_all(now, handler), std::bad_alloc);
    CHECK(handled == "a");
    REQUIRE(queue.next_try());
    queue.handle_all(*queue.next_try(), handler);

    CHECK(handled == "abc");
    CHECK(queue.is_empty());
    CHECK_FALSE(queue.next_try());
}

TEST_CASE("an event that no try gets through does not hold up the others", "[supervisor][N1]") {
    EventQueue queue = queue_of({"a", "b"});
    std::string handled;
    const auto handler = [&](const RunEvent& event) {
        if (event.unit == "a") throw std::bad_alloc{};
        handled += event.unit;
    };

    for (int i = 0; i < 1000 && !queue.is_empty(); ++i) {
        try {
            queue.handle_all({}, handler);
        } catch (const std::bad_alloc&) {
        }
    }

    CHECK(handled == "b");
}

TEST_CASE("what a handler pushes waits for the next round", "[supervisor][N1]") {
    EventQueue queue = queue_of({"a"});
    std::string handled;
    const auto handler = [&](const RunEvent& event) {
        handled += event.unit;
        if (event.unit == "a") queue.push({.unit = "b"});
    };

    queue.handle_all({}, handler);
    CHECK(handled == "a");
    queue.handle_all({}, handler);

    CHECK(handled == "ab");
}

TEST_CASE("as long as something waits there is a next try, whoever else asks for one",
          "[supervisor][N1][R1]") {
    EventQueue queue;
    CHECK_FALSE(queue.next_try());
    queue.push({.unit = "a"});
    CHECK(queue.next_try());

    queue.handle_all(Clock::now(), [&](const RunEvent& event) {
        if (event.unit == "a") queue.push({.unit = "b"});
    });
    CHECK(queue.next_try());
    queue.handle_all(Clock::now(), [](const RunEvent&) {});
    CHECK_FALSE(queue.next_try());
}

}  // namespace
}  // namespace confinit
