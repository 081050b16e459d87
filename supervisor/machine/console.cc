// SPDX-License-Identifier: Apache-2.0
// Console: where the supervisor itself speaks; a console that does not drain costs lines, not time.
#include "supervisor/machine/console.h"

#include "base/text.h"

#include <fcntl.h>
#include <unistd.h>

namespace confinit {
namespace {

std::string_view prefix(LogLevel level) {
    switch (level) {
    case LogLevel::error:
        return "confinit: error: ";
    case LogLevel::warning:
        return "confinit: warning: ";
    case LogLevel::notice:
    case LogLevel::info:
        return "confinit: ";
    }
    return "";
}

}  // namespace

Console Console::open_device() {
    return Console{Fd{open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)}};
}

Console Console::standard_error() {
    // A reopened description has its own O_NONBLOCK; setting it on the shared one would change the
    // terminal or pipe of whoever started us. Sockets cannot be reopened and are used as they are.
    Fd reopened{open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND)};
    if (reopened) return Console{std::move(reopened)};
    return Console{Fd{fcntl(2, F_DUPFD_CLOEXEC, 3)}};
}

void Console::log(LogLevel level, std::string_view message) {
    std::string line{prefix(level)};
    line += escape_control_characters(message);
    line += '\n';
    write(line);
}

void Console::write_line(std::string_view line) {
    write(std::string{line} + "\n");
}

void Console::write(const std::string& text) {
    if (!output_) return;
    std::string all;
    if (dropped_ > 0) all = "confinit: " + std::to_string(dropped_) + " lines were dropped\n";
    all += text;
    const ssize_t count = ::write(output_.get(), all.data(), all.size());
    dropped_ = count == static_cast<ssize_t>(all.size()) ? 0 : dropped_ + 1;
}

}  // namespace confinit
