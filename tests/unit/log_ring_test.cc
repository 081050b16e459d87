// SPDX-License-Identifier: Apache-2.0
// The log ring: lines from pieces, bounds, and what is dropped.
#include "supervisor/units/log_ring.h"

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

// After any time that text may wait.
void show_all(LogRing& ring) {
    CHECK_FALSE(ring.show_unfinished(LogRing::Steady::now() + LogRing::patience));
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
    CHECK(ring.lines()[0].part == LinePart::first);
    CHECK(ring.lines()[1].text == "xxxxx");
    CHECK(ring.lines()[1].part == LinePart::last);
}

TEST_CASE("a line of exactly the limit is whole once its newline comes with it", "[log][N18]") {
    LogRing ring;

    ring.append(LogStream::standard_output, std::string(LogRing::line_limit, 'x') + "\nnext\n");

    CHECK(ring.lines()[0].part == LinePart::whole);
    CHECK(ring.lines()[1].part == LinePart::whole);
}

TEST_CASE("text without a newline is shown as a part, and the rest as the next one", "[log][N18]") {
    LogRing ring;
    ring.append(LogStream::standard_output, "Password: ");
    CHECK(ring.show_unfinished(LogRing::Steady::now()));
    CHECK(ring.lines().empty());

    show_all(ring);
    ring.append(LogStream::standard_error, "another stream\n");
    ring.append(LogStream::standard_output, "***");
    show_all(ring);
    ring.append(LogStream::standard_output, "\nwhole\n");

    CHECK(texts(ring) == "Password: |another stream|***||whole|");
    CHECK(ring.lines()[0].part == LinePart::first);
    CHECK(ring.lines()[1].part == LinePart::whole);
    CHECK(ring.lines()[2].part == LinePart::middle);
    CHECK(ring.lines()[3].part == LinePart::last);
    CHECK(ring.lines()[4].part == LinePart::whole);
}

TEST_CASE("who keeps the time is told once when text begins to wait", "[log][N18]") {
    LogRing ring;
    int told = 0;
    ring.set_unfinished_observer([&](LogRing::Steady::time_point) { ++told; });

    ring.append(LogStream::standard_output, "whole\n");
    CHECK(told == 0);
    ring.append(LogStream::standard_output, "a");
    ring.append(LogStream::standard_output, "b");
    CHECK(told == 1);
    ring.append(LogStream::standard_output, "c\nd");
    CHECK(told == 2);
}

TEST_CASE("a line that was begun does not run on into the next run of the service", "[log][N18]") {
    LogRing ring;
    ring.append(LogStream::standard_output, "Password: ");
    show_all(ring);

    ring.finish_lines();
    ring.append(LogStream::standard_output, "hello\n");

    CHECK(ring.lines()[1].part == LinePart::whole);
}

TEST_CASE("a flood of empty lines stays within the bound and is counted", "[log][R5][X18]") {
    LogRing ring;

    for (int i = 0; i < 100'000; ++i)
        ring.append(LogStream::standard_output, "\n");

    CHECK(ring.lines().size() * sizeof(LogLine) <= LogRing::byte_limit);
    CHECK(ring.dropped() + ring.lines().size() == 100'000);
    CHECK(ring.lines().back().number == 100'000);
}
