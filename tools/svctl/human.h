// SPDX-License-Identifier: Apache-2.0
// Numbers for people: rounded sizes and durations, dates, and tables with aligned columns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// "512B", "1.2M", "64M": binary, one digit after the point where it tells something.
std::string human_size(std::uint64_t bytes);

// The two largest units: "12s", "3min 4s", "2d 5h"; below a minute with a tenth: "5.1s", below a
// second "250ms".
std::string human_duration(std::chrono::microseconds duration);

// The same without tenths, for "since 12s ago".
std::string human_age(std::chrono::microseconds age);

// "2025-11-22 14:03:22.123" in the local time zone.
std::string human_time(std::chrono::microseconds since_epoch);

// The words of a text in lines of at most 80 columns, each with this indentation.
std::string wrapped(std::string_view text, std::size_t indentation);

// Rows of cells, the columns two spaces apart; the last column is not padded.
class Table {
public:
    explicit Table(std::size_t indentation = 0) : indentation_(indentation) {}

    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    std::string text() const;

private:
    std::size_t indentation_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace confinit
