// SPDX-License-Identifier: Apache-2.0
// Console: where the supervisor itself speaks; a console that does not drain costs lines, not time.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace confinit {

enum class LogLevel { error, warning, notice, info };

class Console {
public:
    // Writes to a duplicate of this descriptor with O_NONBLOCK of its own where that is possible.
    explicit Console(Fd output) : output_(std::move(output)) {}

    // Opens /dev/console, without waiting for a carrier and without taking it as a controlling
    // terminal; an absent console leaves a Console that drops everything.
    static Console open_device();
    // The standard error of a supervisor that is not PID 1 of a machine.
    static Console standard_error();

    void log(LogLevel level, std::string_view message);
    void error(std::string_view message) { log(LogLevel::error, message); }
    void warning(std::string_view message) { log(LogLevel::warning, message); }
    void notice(std::string_view message) { log(LogLevel::notice, message); }
    void info(std::string_view message) { log(LogLevel::info, message); }

    // The line alone, for a program that reads the console.
    void write_line(std::string_view line);

    std::uint64_t dropped() const { return dropped_; }

private:
    void write(const std::string& text);

    Fd output_;
    std::uint64_t dropped_ = 0;
};

}  // namespace confinit
