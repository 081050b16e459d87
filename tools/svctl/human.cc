// SPDX-License-Identifier: Apache-2.0
// Numbers for people: rounded sizes and durations, dates, and tables with aligned columns.
#include "svctl/human.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>

namespace confinit {
namespace {

using std::chrono::microseconds;

constexpr microseconds one_second{1'000'000};

struct AgeUnit {
    std::string_view name;
    std::int64_t seconds;
};

constexpr std::array age_units{AgeUnit{"d", 86'400}, AgeUnit{"h", 3'600}, AgeUnit{"min", 60},
                               AgeUnit{"s", 1}};

// Characters, not bytes: what is no continuation byte of UTF-8 begins one.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
    constexpr std::string_view letters = "BKMGTPE";
    std::size_t letter = 0;
    double value = static_cast<double>(bytes);
    // From 1023.95 on, one digit would be rounded to 1024.0.
    while (value >= 1023.95 && letter + 1 < letters.size()) {
        value /= 1024;
        ++letter;
    }
    std::string text = fmt::format("{:.1f}", value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    text += letters[letter];
    return text;
}

std::string human_duration(microseconds duration) {
    const std::int64_t count = std::max<std::int64_t>(duration.count(), 0);
    if (count < 1'000'000) return fmt::format("{}ms", count / 1'000);
    const std::int64_t tenths = count / 100'000;
    if (tenths < 600) return fmt::format("{}.{}s", tenths / 10, tenths % 10);
    return human_age(duration);
}

std::string human_age(microseconds age) {
    std::int64_t seconds = std::max<std::int64_t>(age / one_second, 0);
    std::string text;
    int parts = 0;
    for (const AgeUnit& unit : age_units) {
        const std::int64_t amount = seconds / unit.seconds;
        seconds %= unit.seconds;
        if (amount == 0 && parts == 0 && unit.seconds > 1) continue;
        if (parts == 2) break;
        ++parts;
        if (amount == 0 && parts == 2) break;
        text += fmt::format("{}{}{}", text.empty() ? "" : " ", amount, unit.name);
    }
    return text;
}

std::string human_time(microseconds since_epoch) {
    const std::time_t seconds = since_epoch / one_second;
    const std::int64_t milliseconds = (since_epoch % one_second).count() / 1'000;
    std::tm local{};
    if (localtime_r(&seconds, &local) == nullptr) return std::to_string(since_epoch.count());
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", local.tm_year + 1900,
                       local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                       milliseconds);
}

std::string wrapped(std::string_view text, std::size_t indentation) {
    constexpr std::size_t columns = 80;
    std::string all;
    std::string line;
    for (const std::string_view word : split_words(text)) {
        if (!line.empty() && indentation + width(line) + 1 + width(word) > columns) {
            all.append(indentation, ' ').append(line).push_back('\n');
            line.clear();
        }
        if (!line.empty()) line += ' ';
        line += word;
    }
    if (!line.empty()) all.append(indentation, ' ').append(line).push_back('\n');
    return all;
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string text;
    for (const auto& row : rows_) {
        std::string line(indentation_, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text.append(line).push_back('\n');
    }
    return text;
}

}  // namespace confinit
