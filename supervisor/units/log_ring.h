// SPDX-License-Identifier: Apache-2.0
// LogRing: the last output lines of one unit, bounded in bytes; the oldest lines give way.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {

enum class LogStream { standard_output, standard_error };

// A line that came in one piece is whole. Of another one each piece is kept as it came: a line over
// the limit, and text without a newline that has waited for the rest. Its last part may never come.
enum class LinePart { whole, first, middle, last };

std::string_view name(LogStream stream);
std::string_view name(LinePart part);

struct LogLine {
    std::chrono::system_clock::time_point time;
    LogStream stream = LogStream::standard_output;
    std::string text;
    std::uint64_t number = 0;  // counts up over the life of the ring
    LinePart part = LinePart::whole;
};

class LogRing {
public:
    static constexpr std::size_t byte_limit = 64 * 1024;
    static constexpr std::size_t line_limit = 4 * 1024;  // a longer line is cut into several

    // Takes output as it comes; an unfinished last line is kept until the rest arrives.
    void append(LogStream stream, std::string_view bytes);

    // Text without a newline, such as a prompt, is shown as a part of a line once it has waited for
    // this time. When more text waits, the time at which it is due comes back.
    using Steady = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds patience{250};
    std::optional<Steady::time_point> show_unfinished(Steady::time_point now);

    // Told when text begins to wait.
    void set_unfinished_observer(std::function<void(Steady::time_point due)> observer) {
        unfinished_observer_ = std::move(observer);
    }

    // Ends unfinished lines, when the service's end of the pipe is closed.
    void finish_lines();

    // Told of every new line, for those who follow.
    using Observer = std::function<void(const LogLine& line)>;
    void set_observer(Observer observer) { observer_ = std::move(observer); }

    const std::deque<LogLine>& lines() const { return lines_; }
    std::uint64_t dropped() const { return dropped_; }
    std::uint64_t next_number() const { return next_number_; }

private:
    enum class Rest { none, follows };
    void add_line(LogStream stream, std::string text, Rest rest = Rest::none);

    std::deque<LogLine> lines_;
    // The end of a stream's output that has no newline yet.
    struct Unfinished {
        std::string text;
        Steady::time_point due;
        bool is_begun = false;  // the line has parts among the lines already
    };

    Unfinished& unfinished(LogStream stream) {
        return unfinished_[static_cast<std::size_t>(stream)];
    }
    Unfinished unfinished_[2];
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t next_number_ = 1;
    Observer observer_;
    std::function<void(Steady::time_point)> unfinished_observer_;
};

}  // namespace confinit
