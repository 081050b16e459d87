// SPDX-License-Identifier: Apache-2.0
// Fuzzes the datagrams of the notify socket: any bytes are understood in part or not at all, and
// what comes out is within bounds.
#include "control/notify_message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace confinit {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_sane(const std::optional<std::chrono::microseconds>& length) {
    constexpr auto longest = std::chrono::hours{24 * 366 * 10};
    return !length || (length->count() > 0 && *length < longest);
}

void check(std::string_view datagram) {
    const auto message = parse_notify_message(datagram);
    if (!message) return;
    require(datagram.size() <= longest_notify_message + 1 && *message != NotifyMessage{});
    require(is_sane(message->watchdog) && is_sane(message->extend_timeout));
    require(!message->error || (*message->error >= 0 && *message->error < 4096));
    require(!message->main_pid || *message->main_pid > 0);
    // Each byte of a status takes at most four, and none of them drives a terminal.
    if (!message->status) return;
    require(message->status->size() <= std::size_t{4} * 256);
    require(std::ranges::none_of(*message->status, [](char byte) {
        return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t') || byte == 0x7f;
    }));
}

}  // namespace
}  // namespace confinit

// libFuzzer's name for its entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    confinit::check({reinterpret_cast<const char*>(data), size});
    return 0;
}
