// SPDX-License-Identifier: Apache-2.0
// LogRing: the last output lines of one unit, bounded in bytes; the oldest lines give way.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace confinit {

enum class LogStream { standard_output, standard_error };

struct LogLine {
    std::chrono::system_clock::time_point time;
    LogStream stream = LogStream::standard_output;
    std::string text;
    std::uint64_t number = 0;  // counts up over the life of the ring
};

class LogRing {
public:
    static constexpr std::size_t byte_limit = 64 * 1024;
    static constexpr std::size_t line_limit = 4 * 1024;  // a longer line is cut into several

    // Takes output as it comes; an unfinished last line is kept until the rest arrives.
    void append(LogStream stream, std::string_view bytes);

    // Ends unfinished lines, when the service's end of the pipe is closed.
    void finish_lines();

    // Told of every new line, for those who follow.
    void set_observer(std::function<void()> observer) { observer_ = std::move(observer); }

    const std::deque<LogLine>& lines() const { return lines_; }
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t next_number() const { return next_number_; }

private:
    void add_line(LogStream stream, std::string text);

    std::deque<LogLine> lines_;
    std::string partial_[2];
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t next_number_ = 1;
    std::function<void()> observer_;
};

}  // namespace confinit
