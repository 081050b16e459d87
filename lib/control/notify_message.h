// SPDX-License-Identifier: Apache-2.0
// NotifyMessage: what one datagram of sd_notify(3) says, of the assignments that we understand.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// A longer datagram is no message.
inline constexpr std::size_t longest_notify_message = 4096;

struct NotifyMessage {
    bool ready = false;
    bool reloading = false;
    bool stopping = false;
    bool is_alive = false;              // WATCHDOG=1
    bool misses_watchdog = false;       // WATCHDOG=trigger
    std::optional<std::string> status;  // one line for people, fit for a terminal
    std::optional<int> error;           // an errno
    std::optional<std::uint64_t> main_pid;
    std::optional<std::chrono::microseconds> watchdog;  // WATCHDOG_USEC
    std::optional<std::chrono::microseconds> extend_timeout;

    bool operator==(const NotifyMessage&) const = default;
};

// Lines NAME=VALUE; of a name that comes twice the last value counts. What is not understood, a
// value out of range included, is as if it were not there; absent when nothing is left.
std::optional<NotifyMessage> parse_notify_message(std::string_view datagram);

}  // namespace confinit
