// SPDX-License-Identifier: Apache-2.0
// The time of a file's last change: whole seconds hide more than ticks do.
#include "base/file_time.h"

#include <catch2/catch.hpp>

#include <ctime>

using namespace confinit;

TEST_CASE("a change may hide in the step of the clock that stamps it", "[unit][N1]") {
    timespec now{};
    REQUIRE(clock_gettime(CLOCK_REALTIME, &now) == 0);

    CHECK(may_hide_change(now.tv_sec + 1, 1));
    CHECK(may_hide_change(now.tv_sec, 0));
    CHECK(may_hide_change(now.tv_sec - 1, 0));
    CHECK_FALSE(may_hide_change(now.tv_sec - 4, 0));
    CHECK_FALSE(may_hide_change(now.tv_sec - 2, 1));
}
