// SPDX-License-Identifier: Apache-2.0
// The keys of [service] by which a service tells that it is up, and that it is still well.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

namespace confinit {
namespace {

constexpr std::string_view descriptor_prefix = "fd:";

// 0, 1 and 2 are the standard streams. The launch needs a few numbers above it, below the usual
// limit of 1024.
constexpr std::uint64_t lowest_descriptor = 3;
constexpr std::uint64_t highest_descriptor = 999;

void read_ready(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    Readiness& ready = unit.service->ready;
    if (text != nullptr && *text == "exec") return;
    if (text != nullptr && *text == "notify") {
        ready.by = ReadyBy::notify;
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

constexpr Key keys[] = {
    {
        .path = "service.ready",
        .form = "one of exec, notify, or a descriptor from \"fd:3\" to \"fd:999\"",
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
            "to descriptor N, a pipe that it is born with.",
        .operation = "a unix(7) socket with SO_PASSCRED, or pipe(2) and dup3(2)",
        .source = "sd_notify(3), unix(7), pipe(7)",
        .systemd = "Type=notify",
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
    return keys;
}

}  // namespace confinit
