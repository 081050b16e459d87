// SPDX-License-Identifier: Apache-2.0
// The log ring: lines from pieces, bounds, and what is dropped.
#include "log_ring.h"

#include <catch2/catch.hpp>

#include <string>

using namespace confinit;

namespace {

std::string texts(const LogRing& ring) {
    std::string all;
    for (const LogLine& line : ring.lines())
        all += line.text + "|";
    return all;
}

}  // namespace

TEST_CASE("a line that arrives in pieces is one line", "[log]") {
    LogRing ring;

    ring.append(LogStream::standard_output, "he");
    ring.append(LogStream::standard_error, "error\n");
    ring.append(LogStream::standard_output, "llo\n\nlast");

    CHECK(texts(ring) == "error|hello||");
    CHECK(ring.lines()[0].stream == LogStream::standard_error);
}

TEST_CASE("the last line of a service without a newline is kept when it ends", "[log][R5]") {
    LogRing ring;

    ring.append(LogStream::standard_output, "last words");
    ring.finish_lines();

    CHECK(texts(ring) == "last words|");
}

TEST_CASE("a line over the limit is cut and nothing of it is lost", "[log]") {
    LogRing ring;
    const std::string text(LogRing::line_limit + 5, 'x');

    ring.append(LogStream::standard_output, text + "\n");

    REQUIRE(ring.lines().size() == 2);
    CHECK(ring.lines()[0].text.size() == LogRing::line_limit);
    CHECK(ring.lines()[1].text == "xxxxx");
}

TEST_CASE("a flood of empty lines stays within the bound and is counted", "[log][R5][X18]") {
    LogRing ring;

    for (int i = 0; i < 100'000; ++i)
        ring.append(LogStream::standard_output, "\n");

    CHECK(ring.lines().size() * sizeof(LogLine) <= LogRing::byte_limit);
    CHECK(ring.dropped() + ring.lines().size() == 100'000);
    CHECK(ring.lines().back().number == 100'000);
}
