// SPDX-License-Identifier: Apache-2.0
// --since: a point in time as people write it.
#include "svctl/since.h"

#include "base/text.h"

#include <ctime>

namespace confinit {
namespace {

using std::chrono::microseconds;

constexpr const char* formats_with_date[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
constexpr const char* formats_of_today[] = {"%H:%M:%S", "%H:%M"};

microseconds now() {
    return std::chrono::duration_cast<microseconds>(
        std::chrono::system_clock::now().time_since_epoch());
}

// The whole text by this format; what it does not name stays as it is in `time`.
std::optional<microseconds> read(const std::string& text, const char* format, std::tm time) {
    const char* end = strptime(text.c_str(), format, &time);
    if (end == nullptr || *end != '\0') return std::nullopt;
    time.tm_isdst = -1;
    return std::chrono::seconds{std::mktime(&time)};
}

std::string time_fault(const std::string& text) {
    if (parse_since(text, now())) return {};
    return "'" + text + "' is neither a duration such as 10min nor a time such as 14:03";
}

}  // namespace

std::optional<microseconds> parse_since(std::string_view text, microseconds now) {
    if (const auto age = parse_duration(text)) return now - *age;
    const std::string whole{trim(text)};
    for (const char* format : formats_with_date) {
        if (const auto time = read(whole, format, {})) return time;
    }
    const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    std::tm today{};
    if (localtime_r(&seconds, &today) == nullptr) return std::nullopt;
    today.tm_sec = 0;
    for (const char* format : formats_of_today) {
        if (const auto time = read(whole, format, today)) return time;
    }
    return std::nullopt;
}

void add_since(Syntax& syntax, std::string& text) {
    syntax.add("--since", &text, "only what is not older: 10min, 14:03, or \"2026-11-28 14:03\"",
               {.type = "TIME", .check = time_fault});
}

microseconds since_of(const std::string& text) {
    return text.empty() ? microseconds{0} : parse_since(text, now()).value_or(microseconds{0});
}

}  // namespace confinit
