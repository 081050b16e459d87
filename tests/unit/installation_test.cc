// SPDX-License-Identifier: Apache-2.0
// The prefix that a program of ours finds in the path of its own execution.
#include "base/installation.h"

#include <catch2/catch.hpp>

using namespace confinit;

TEST_CASE("a program below a prefix takes its files from there", "[unit][installation]") {
    CHECK(prefix_of("/usr/local/sbin/confinit") == "/usr/local");
    CHECK(prefix_of("/home/user/.local/bin/svctl") == "/home/user/.local");
}

TEST_CASE("a program that stands elsewhere takes the files of its build", "[unit][installation]") {
    CHECK(prefix_of("/init").empty());
    CHECK(prefix_of("/sbin/confinit").empty());
    CHECK(prefix_of("/bin/svctl").empty());
    CHECK(prefix_of("./sbin/confinit").empty());
    CHECK(prefix_of("/source/build/supervisor/confinit").empty());
    CHECK(prefix_of("").empty());
}
