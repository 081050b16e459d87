// SPDX-License-Identifier: Apache-2.0
// The keys of [service] by which a service tells that it is up, and that it is still well.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

#include <algorithm>
#include <utility>

namespace confinit {
namespace {

constexpr std::string_view descriptor_prefix = "fd:";

// 0, 1 and 2 are the standard streams. The launch needs a few numbers above it, below the usual
// limit of 1024.
constexpr std::uint64_t lowest_descriptor = 3;
constexpr std::uint64_t highest_descriptor = 999;

constexpr std::string_view bus_prefix = "dbus:";

// A well-known name, as the D-Bus specification has it: "org.example.Name".
bool is_bus_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    const auto parts = split(name, '.');
    if (name.size() > longest || parts.size() < 2) return false;
    return std::ranges::all_of(parts, [](std::string_view part) {
        const auto is_of_name = [](char byte) {
            return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                   byte == '_' || byte == '-';
        };
        return !part.empty() && !is_digit(part.front()) && std::ranges::all_of(part, is_of_name);
    });
}

void read_ready(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    Readiness& ready = unit.service->ready;
    if (text != nullptr && *text == "exec") return;
    if (text != nullptr && *text == "notify") {
        ready.by = ReadyBy::notify;
        return;
    }
    if (text != nullptr && text->starts_with(bus_prefix)) {
        std::string name = text->substr(bus_prefix.size());
        if (!is_bus_name(name)) return value.mismatch();
        ready = {.by = ReadyBy::bus_name, .bus_name = std::move(name)};
        return;
    }
    const bool is_descriptor = text != nullptr && text->starts_with(descriptor_prefix);
    const auto number =
        is_descriptor ? parse_unsigned(std::string_view{*text}.substr(descriptor_prefix.size()))
                      : std::nullopt;
    if (!number || *number < lowest_descriptor || *number > highest_descriptor) {
        return value.mismatch();
    }
    ready = {.by = ReadyBy::descriptor, .descriptor = static_cast<int>(*number)};
}

void read_watchdog(const Value& value, Unit& unit) {
    assign(unit.service->watchdog, read_timeout(value));
}

constexpr Key service_ready_table[] = {
    {
        .path = "service.ready",
        .form = "one of exec, notify, a descriptor from \"fd:3\" to \"fd:999\", or a name on the "
                "system bus as \"dbus:org.example.Name\"",
        .fallback = "\"exec\"; \"notify\" with type = \"notify\"",
        .documentation =
            "When the service is up, so that what comes after it may start. exec: as soon as its "
            "program runs. notify: when a process of its cgroup sends READY=1 to the datagram "
            "socket whose path is in NOTIFY_SOCKET, which every unit has of its own; STATUS=, "
            "RELOADING=1, STOPPING=1, ERRNO=, WATCHDOG=, WATCHDOG_USEC= and EXTEND_TIMEOUT_USEC= "
            "are understood as well, whatever user the process has become. A process that has "
            "ended "
            "by the time that it is looked at is heard for READY=1 and STATUS= only, and only if "
            "nobody else can have sent them; with sd_notify_barrier(3) a helper waits until it was "
            "heard. svctl status tells what was thrown away, and why. With namespaces.mount the "
            "socket's directory is mounted on /run/confinit/notify, which "
            "must be there in a root of the service's own. fd:N: when the service writes a newline "
            "to descriptor N, a pipe that it is born with. dbus:NAME: when a process of its cgroup "
            "owns NAME on the system bus. confinit-bus tells the supervisor, so that the unit "
            "wants confinit-bus and comes after it by itself; the process must have the pid that "
            "the bus knows. svctl events tells when the name is lost.",
        .operation = "a unix(7) socket with SO_PASSCRED, or pipe(2) and dup3(2), or "
                     "GetConnectionCredentials of the bus",
        .source = "sd_notify(3), unix(7), pipe(7), the D-Bus specification",
        .systemd = "Type=notify, Type=dbus",
        .read = read_ready,
    },
    {
        .path = "service.watchdog",
        .form = duration_form,
        .fallback = "none: the service is not watched",
        .documentation =
            "The longest time that the service, once it is up, may go without a sign of life: "
            "WATCHDOG=1, sent to NOTIFY_SOCKET. WATCHDOG_USEC holds the time in the service's "
            "environment. A main process that misses it is sent SIGABRT, and the service has "
            "failed; whatever is left after stop_timeout is killed.",
        .operation = "timerfd_settime(2), pidfd_send_signal(2)",
        .source = "sd_watchdog_enabled(3)",
        .systemd = "WatchdogSec=",
        .read = read_watchdog,
    },
};

}  // namespace

std::span<const Key> service_ready_keys() {
    return service_ready_table;
}

}  // namespace confinit
