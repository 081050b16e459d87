// SPDX-License-Identifier: Apache-2.0
// The keys of [service] about the signals that a service is sent.
#include "unit/forms.h"
#include "unit/keys.h"

#include <csignal>
#include <cstring>

namespace confinit {
namespace {

constexpr auto kill_mode_names = make_name_table<KillMode>({
    {KillMode::control_group, "control-group"},
    {KillMode::mixed, "mixed"},
});

constexpr std::string_view signal_form = "a signal name such as \"SIGTERM\"";

std::optional<int> read_signal(const Value& value) {
    const std::string* text = value.if_text();
    std::string_view word = text != nullptr ? std::string_view{*text} : std::string_view{};
    if (word.starts_with("SIG")) word.remove_prefix(3);
    std::vector<std::string_view> names;
    for (int signal = 1; signal < NSIG; ++signal) {
        const char* name = sigabbrev_np(signal);
        if (name == nullptr) continue;
        names.emplace_back(name);
        if (word == names.back()) return signal;
    }
    const std::string nearest = value.nearest(word, names);
    value.mismatch(nearest.empty() ? nearest : "SIG" + nearest);
    return std::nullopt;
}

void read_stop_signal(const Value& value, Unit& unit) {
    assign(unit.service->stop_signal, read_signal(value));
}

void read_reload(const Value& value, Unit& unit) {
    unit.service->reload_signal = read_signal(value);
}

void read_kill_mode(const Value& value, Unit& unit) {
    assign(unit.service->kill_mode, read_choice(value, kill_mode_names));
}

constexpr Key service_signal_table[] = {
    {
        .path = "service.stop_signal",
        .form = signal_form,
        .fallback = "\"SIGTERM\"",
        .documentation = "The signal that asks the service to end; the prefix SIG may be left out.",
        .operation = "pidfd_send_signal(2)",
        .source = "signal(7)",
        .systemd = "KillSignal=",
        .read = read_stop_signal,
    },
    {
        .path = "service.kill_mode",
        .form = "one of control-group, mixed",
        .fallback = "\"control-group\"",
        .documentation =
            "Who is sent stop_signal. control-group: every process of the service. mixed: its main "
            "process only. Either way whatever is left when the stop times out, or when the main "
            "process has ended, is killed through the cgroup, so that nothing stays behind.",
        .operation = "pidfd_send_signal(2), write(2) to cgroup.kill",
        .source = "Documentation/admin-guide/cgroup-v2.rst, cgroup.kill",
        .systemd = "KillMode=",
        .read = read_kill_mode,
    },
    {
        .path = "service.reload",
        .form = signal_form,
        .fallback = "none: svctl reload is refused",
        .documentation =
            "The signal at which the program reads its own files again, for most daemons SIGHUP. "
            "svctl reload sends it to the main process, and is done when it is sent: the service "
            "tells by RELOADING=1 and READY=1, sent to $NOTIFY_SOCKET, that it is at it, which "
            "svctl status shows. A program that does not handle the signal is ended by it.",
        .operation = "pidfd_send_signal(2)",
        .source = "signal(7)",
        .systemd = "ReloadSignal=",
        .read = read_reload,
    },
};

}  // namespace

std::span<const Key> service_signal_keys() {
    return service_signal_table;
}

}  // namespace confinit
