// SPDX-License-Identifier: Apache-2.0
// The text of a unit's line on the supervisor's own output.
#include "supervisor/units/forwarded_line.h"

#include "base/json.h"

#include <chrono>
#include <ctime>
#include <fmt/format.h>

namespace confinit {
namespace {

// RFC 3339, in UTC: "2026-11-29T23:11:42.123456Z".
std::string time_text(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
    std::tm parts{};
    (void)gmtime_r(&whole, &parts);
    const auto fraction = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       fraction.count());
}

std::string json_line(std::string_view unit, const LogLine& line) {
    Json object{{"time", time_text(line.time)},
                {"unit", unit},
                {"stream", name(line.stream)},
                {"message", line.text}};
    if (line.part != LinePart::whole) object["part"] = name(line.part);
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_continued(LinePart part) {
    return part == LinePart::first || part == LinePart::middle;
}

bool continues(LinePart part) {
    return part == LinePart::middle || part == LinePart::last;
}

}  // namespace

std::string forwarded_text(LogForm form, std::string_view unit, const LogLine& line) {
    switch (form) {
    case LogForm::none:
        return {};
    case LogForm::plain:
        return fmt::format("{}:{} {}\n", unit, continues(line.part) ? "+" : "", line.text);
    case LogForm::json:
        return json_line(unit, line);
    case LogForm::raw:
        return line.text + (is_continued(line.part) ? "" : "\n");
    }
    return {};
}

}  // namespace confinit
