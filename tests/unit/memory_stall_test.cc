// SPDX-License-Identifier: Apache-2.0
// What is a stall: the kernel's events without a pause, and a service that is slowed down all
// along.
#include "supervisor/units/memory_stall.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point start{1000s};

}  // namespace

TEST_CASE("a stall is one that lasts", "[unit][G6]") {
    StallClock clock{3s};

    CHECK_FALSE(clock.take(start, 10));
    CHECK_FALSE(clock.take(start + 1s, 20));
    CHECK(clock.take(start + 2s, 30));
}

TEST_CASE("a pause begins the time anew", "[unit][G6]") {
    StallClock clock{3s};

    CHECK_FALSE(clock.take(start, 10));
    CHECK_FALSE(clock.take(start + 1s, 20));
    CHECK_FALSE(clock.take(start + 4s, 30));
    CHECK_FALSE(clock.take(start + 5s, 40));
    CHECK(clock.take(start + 6s, 50));
}

TEST_CASE("a service that memory.high does not slow down is not stalled by it", "[unit][G6]") {
    StallClock clock{1s};

    CHECK_FALSE(clock.take(start, 10));
    CHECK_FALSE(clock.take(start + 1s, 10));
    CHECK(clock.take(start + 2s, 11));
}

}  // namespace confinit
