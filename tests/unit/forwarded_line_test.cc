// SPDX-License-Identifier: Apache-2.0
// Lines of units on the supervisor's own output, in each form.
#include "supervisor/units/forwarded_line.h"

#include <catch2/catch.hpp>

using namespace confinit;

namespace {

LogLine line(std::string text, LinePart part = LinePart::whole) {
    return {.time = std::chrono::system_clock::time_point{std::chrono::microseconds{1'500'000}},
            .stream = LogStream::standard_error,
            .text = std::move(text),
            .part = part};
}

}  // namespace

TEST_CASE("a line has its unit in front, is an object, or is as it was", "[output][C6]") {
    CHECK(forwarded_text(LogForm::none, "web", line("hello")).empty());
    CHECK(forwarded_text(LogForm::plain, "web", line("hello")) == "web: hello\n");
    CHECK(forwarded_text(LogForm::raw, "web", line("hello")) == "hello\n");
    CHECK(forwarded_text(LogForm::json, "web", line("a \"b\"\t")) ==
          "{\"message\":\"a \\\"b\\\"\\t\",\"stream\":\"stderr\","
          "\"time\":\"1970-01-01T00:00:01.500000Z\",\"unit\":\"web\"}\n");
}

TEST_CASE("bytes that are no text break no JSON", "[output][C6]") {
    CHECK(forwarded_text(LogForm::plain, "web", line("\x1b[1m\xff")) == "web: \x1b[1m\xff\n");
    CHECK(forwarded_text(LogForm::json, "web", line("\xff"))
              .starts_with("{\"message\":\"\xef\xbf\xbd\","));
}

TEST_CASE("the parts of a cut line are marked, and are one line again in raw", "[output][C6]") {
    const LogLine first = line("ab", LinePart::first);
    const LogLine last = line("c", LinePart::last);

    CHECK(forwarded_text(LogForm::plain, "web", first) == "web: ab\n");
    CHECK(forwarded_text(LogForm::plain, "web", last) == "web:+ c\n");
    CHECK(forwarded_text(LogForm::raw, "web", first) + forwarded_text(LogForm::raw, "web", last) ==
          "abc\n");
    CHECK(forwarded_text(LogForm::json, "web", first).contains("\"part\":\"first\""));
}
