// SPDX-License-Identifier: Apache-2.0
// Sizes, durations, nearest words and escaped text.
#include "base/text.h"

#include <catch2/catch.hpp>

#include <array>

using namespace confinit;
using namespace std::chrono_literals;

TEST_CASE("a size is a whole number with one binary letter", "[text]") {
    CHECK(parse_size("64M") == 64ULL << 20);
    CHECK(parse_size("0") == 0U);
    CHECK(parse_size("15E") == 15ULL << 60);

    CHECK_FALSE(parse_size("64MB"));
    CHECK_FALSE(parse_size("1.5G"));
    CHECK_FALSE(parse_size("-1"));
    CHECK_FALSE(parse_size("M"));
    CHECK_FALSE(parse_size("64m"));
    CHECK_FALSE(parse_size(""));
    CHECK_FALSE(parse_size("16E"));
    CHECK_FALSE(parse_size("99999999999999999999"));
}

TEST_CASE("a size is written with the largest letter that divides it", "[text]") {
    CHECK(format_size(64ULL << 20) == "64M");
    CHECK(format_size(1023) == "1023");
    CHECK(format_size((1ULL << 20) + 1024) == "1025K");
    CHECK(format_size(0) == "0");
}

TEST_CASE("a duration is a sum of whole numbers with units", "[text]") {
    CHECK(parse_duration("1min 30s") == 90s);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("2h") == 2h);

    CHECK_FALSE(parse_duration("90"));
    CHECK_FALSE(parse_duration("1 min"));
    CHECK_FALSE(parse_duration("-1s"));
    CHECK_FALSE(parse_duration(""));
    CHECK_FALSE(parse_duration("9223372036854775807d"));
}

TEST_CASE("a duration is written as it may be read again", "[text]") {
    CHECK(format_duration(90s) == "1min 30s");
    CHECK(format_duration(0s) == "0s");
    CHECK(parse_duration(format_duration(93784005ms)) == 93784005ms);
}

TEST_CASE("the nearest word is offered only when it may have been meant", "[text][H2]") {
    constexpr std::array<std::string_view, 3> words{"always", "no", "on-failure"};

    CHECK(nearest_word("alway", words) == "always");
    CHECK(nearest_word("on_failure", words) == "on-failure");
    CHECK_FALSE(nearest_word("perhaps-tomorrow", words));
    CHECK(nearest_word("ALWAYS", words) == "always");
}

TEST_CASE("of a short word few letters may be wrong", "[text][H2]") {
    constexpr std::array<std::string_view, 5> words{"root", "-h", "--json", "@network-io",
                                                    "system-strict"};

    CHECK_FALSE(nearest_word("foo", words));
    CHECK_FALSE(nearest_word("-l", words));
    CHECK(nearest_word("roto", words) == "root");
    CHECK(nearest_word("--jsn", words) == "--json");
}

TEST_CASE("a part of a word is near to it", "[text][H2]") {
    constexpr std::array<std::string_view, 3> words{"heat", "@network-io", "system-strict"};

    CHECK(nearest_word("hea", words) == "heat");
    CHECK(nearest_word("@network", words) == "@network-io");
    CHECK(nearest_word("strict", words) == "system-strict");
    CHECK_FALSE(nearest_word("eat", std::array<std::string_view, 1>{"great-heat-wave"}));
}

TEST_CASE("control characters and broken UTF-8 cannot reach a terminal", "[text][X19]") {
    CHECK(escape_control_characters("a\x1b[2Jb") == "a\\x1b[2Jb");
    CHECK(escape_control_characters("tab\tstays") == "tab\tstays");
    CHECK(escape_control_characters("\xc3\xa4") == "\xc3\xa4");
    CHECK(escape_control_characters("\xc3") == "\\xc3");
    CHECK(escape_control_characters("\xc2\x9b") == "\\xc2\\x9b");
}
