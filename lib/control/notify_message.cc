// SPDX-License-Identifier: Apache-2.0
// NotifyMessage: what one datagram of sd_notify(3) says, of the assignments that we understand.
#include "control/notify_message.h"

#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

// What svctl shows in one line.
constexpr std::size_t longest_status = 256;
constexpr std::uint64_t highest_errno = 4095;
constexpr std::uint64_t highest_pid = 1U << 22;  // PID_MAX_LIMIT of the kernel

// Ten years, so that adding it to a clock cannot overflow.
constexpr std::uint64_t longest_duration = std::uint64_t{10} * 365 * 24 * 3600 * 1'000'000;

std::optional<std::uint64_t> number(std::string_view value, std::uint64_t lowest,
                                    std::uint64_t highest) {
    const auto parsed = parse_unsigned(value);
    return parsed && *parsed >= lowest && *parsed <= highest ? parsed : std::nullopt;
}

bool read_duration(std::string_view value, std::optional<std::chrono::microseconds>& target) {
    const auto length = number(value, 1, longest_duration);
    if (length) target = std::chrono::microseconds{static_cast<std::int64_t>(*length)};
    return length.has_value();
}

bool read_flag(std::string_view value, bool& target) {
    if (value == "1") target = true;
    return value == "1";
}

bool read_ready(std::string_view value, NotifyMessage& message) {
    return read_flag(value, message.ready);
}

bool read_reloading(std::string_view value, NotifyMessage& message) {
    return read_flag(value, message.reloading);
}

bool read_stopping(std::string_view value, NotifyMessage& message) {
    return read_flag(value, message.stopping);
}

bool read_status(std::string_view value, NotifyMessage& message) {
    message.status = escape_control_characters(value.substr(0, longest_status));
    return true;
}

bool read_error(std::string_view value, NotifyMessage& message) {
    const auto code = number(value, 0, highest_errno);
    if (code) message.error = static_cast<int>(*code);
    return code.has_value();
}

bool read_main_pid(std::string_view value, NotifyMessage& message) {
    const auto pid = number(value, 1, highest_pid);
    if (pid) message.main_pid = *pid;
    return pid.has_value();
}

bool read_watchdog(std::string_view value, NotifyMessage& message) {
    if (value == "trigger") message.misses_watchdog = true;
    return value == "trigger" || read_flag(value, message.is_alive);
}

bool read_watchdog_length(std::string_view value, NotifyMessage& message) {
    return read_duration(value, message.watchdog);
}

bool read_extension(std::string_view value, NotifyMessage& message) {
    return read_duration(value, message.extend_timeout);
}

// The names of sd_notify(3). The readers tell whether they took the value.
struct Assignment {
    std::string_view name;
    bool (*read)(std::string_view value, NotifyMessage& message);
};
constexpr Assignment assignments[] = {
    {"READY", read_ready},
    {"RELOADING", read_reloading},
    {"STOPPING", read_stopping},
    {"STATUS", read_status},
    {"ERRNO", read_error},
    {"MAINPID", read_main_pid},
    {"WATCHDOG", read_watchdog},
    {"WATCHDOG_USEC", read_watchdog_length},
    {"EXTEND_TIMEOUT_USEC", read_extension},
};

bool read_line(std::string_view line, NotifyMessage& message) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const auto* known = std::ranges::find(assignments, line.substr(0, equals), &Assignment::name);
    return known != std::end(assignments) && known->read(line.substr(equals + 1), message);
}

}  // namespace

std::optional<NotifyMessage> parse_notify_message(std::string_view datagram) {
    // Programs that count the byte at the end of a C string are not to blame.
    if (datagram.ends_with('\0')) datagram.remove_suffix(1);
    const bool is_text = datagram.find('\0') == std::string_view::npos;
    if (!is_text || datagram.size() > longest_notify_message) return std::nullopt;
    NotifyMessage message;
    bool is_understood = false;
    for (const std::string_view line : split(datagram, '\n')) {
        if (read_line(line, message)) is_understood = true;
    }
    if (!is_understood) return std::nullopt;
    return message;
}

}  // namespace confinit
