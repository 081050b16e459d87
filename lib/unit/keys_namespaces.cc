// SPDX-License-Identifier: Apache-2.0
// The keys of [namespaces]: which of the kernel's views the service does not share.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/namespace_form.h"

#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view offset_form = "a duration with a sign, such as \"+30d\" or \"-1h\"";
constexpr std::size_t longest_hostname = 64;  // HOST_NAME_MAX of gethostname(2)

template <bool NamespaceConfig::* member, NamespaceKind kind>
void read_plain_namespace(const Value& value, Unit& unit) {
    assign(unit.namespaces.*member, read_namespace(value, kind, unit));
}

// An offset of a clock: a duration with a sign.
template <std::chrono::microseconds NamespaceConfig::* member>
void read_offset(const Value& value, Unit& unit) {
    const std::string* text = value.if_text();
    if (text == nullptr || text->empty()) return value.mismatch();
    const bool is_negative = text->front() == '-';
    const bool has_sign = is_negative || text->front() == '+';
    const auto duration = parse_duration(std::string_view{*text}.substr(has_sign ? 1 : 0));
    if (!duration) return value.mismatch();
    unit.namespaces.*member = is_negative ? -*duration : *duration;
}

enum class FirstProcess { reaper, self };
constexpr auto first_process_names = make_name_table<FirstProcess>({
    {FirstProcess::reaper, "reaper"},
    {FirstProcess::self, "self"},
});

void read_pid1(const Value& value, Unit& unit) {
    const auto first = read_choice(value, first_process_names);
    if (first) unit.namespaces.pid1_is_service = *first == FirstProcess::self;
}

bool is_hostname_label(std::string_view label) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    return std::ranges::all_of(label, [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '-';
    });
}

void read_hostname(const Value& value, Unit& unit) {
    auto name = value.word();
    if (!name) return;
    if (name->size() > longest_hostname ||
        !std::ranges::all_of(split(*name, '.'), is_hostname_label)) {
        return value.mismatch();
    }
    assign(unit.namespaces.hostname, std::move(name));
}

constexpr Key namespaces_table[] = {
    {
        .path = "namespaces.mount",
        .form = namespace_form,
        .fallback = "false",
        .documentation =
            "A mount namespace of the service's own. It starts as a copy of the supervisor's "
            "mounts; what the service mounts stays in it, and what the host mounts later comes in. "
            "Everything in [mounts] needs it.",
        .operation = "clone3(2) CLONE_NEWNS",
        .source = "mount_namespaces(7)",
        .systemd = "PrivateMounts=",
        .read = read_plain_namespace<&NamespaceConfig::mount, NamespaceKind::mount>,
    },
    {
        .path = "namespaces.pid",
        .form = "true, false, \"unit:NAME\", \"/path\" or a table such as { pid1 = \"self\" }",
        .fallback = "false",
        .documentation =
            "A process id namespace of the service's own: it sees and can signal its own processes "
            "only. With a mount namespace it also gets a /proc that shows them and no others.",
        .operation = "clone3(2) CLONE_NEWPID",
        .source = "pid_namespaces(7)",
        .systemd = "PrivatePIDs=",
        .read = read_plain_namespace<&NamespaceConfig::pid, NamespaceKind::pid>,
    },
    {
        .path = "namespaces.pid.pid1",
        .form = "one of reaper, self",
        .fallback = "\"reaper\"",
        .documentation =
            "Who is process 1 of the new pid namespace. reaper: a small program of ours that "
            "forwards signals, reaps orphans and ends with the service's own status. self: the "
            "service; it must then reap orphans, and signals without a handler do not reach it.",
        .operation = "fork(2) below process 1, or none",
        .source = "pid_namespaces(7), \"The namespace init process\"",
        .systemd = "",
        .read = read_pid1,
    },
    {
        .path = "namespaces.net",
        .form = namespace_form,
        .fallback = "false",
        .documentation =
            "A network namespace of the service's own, with the loopback device up and no other "
            "one: the service reaches nothing outside of it but file system sockets.",
        .operation = "clone3(2) CLONE_NEWNET; ioctl SIOCSIFFLAGS IFF_UP on lo",
        .source = "network_namespaces(7), netdevice(7)",
        .systemd = "PrivateNetwork=, NetworkNamespacePath=, JoinsNamespaceOf=",
        .read = read_plain_namespace<&NamespaceConfig::net, NamespaceKind::net>,
    },
    {
        .path = "namespaces.ipc",
        .form = namespace_form,
        .fallback = "false",
        .documentation =
            "System V IPC objects and POSIX message queues of the service's own; they end with it.",
        .operation = "clone3(2) CLONE_NEWIPC",
        .source = "ipc_namespaces(7)",
        .systemd = "PrivateIPC=, IPCNamespacePath=",
        .read = read_plain_namespace<&NamespaceConfig::ipc, NamespaceKind::ipc>,
    },
    {
        .path = "namespaces.uts",
        .form = "true, false, \"unit:NAME\", \"/path\" or a table such as { hostname = \"web\" }",
        .fallback = "false",
        .documentation =
            "A host name of the service's own, which it can change without anybody else noticing.",
        .operation = "clone3(2) CLONE_NEWUTS",
        .source = "uts_namespaces(7)",
        .systemd = "ProtectHostname=",
        .read = read_plain_namespace<&NamespaceConfig::uts, NamespaceKind::uts>,
    },
    {
        .path = "namespaces.uts.hostname",
        .form = "a host name of at most 64 letters, digits, dots and hyphens",
        .fallback = "the machine's own",
        .documentation = "The host name in the new uts namespace.",
        .operation = "sethostname(2)",
        .source = "sethostname(2), hostname(7)",
        .systemd = "",
        .read = read_hostname,
    },
    {
        .path = "namespaces.cgroup",
        .form = namespace_form,
        .fallback = "false",
        .documentation =
            "A cgroup namespace whose root is the service's own node, so that /proc/self/cgroup "
            "shows it nothing of the tree above. With namespaces.mount /sys/fs/cgroup begins there "
            "as well; it is read-only unless cgroup.delegate or mounts.read_write say otherwise.",
        .operation = "unshare(2) CLONE_NEWCGROUP inside of the node, mount of cgroup2",
        .source = "cgroup_namespaces(7)",
        .systemd = "ProtectControlGroups=private",
        .read = read_plain_namespace<&NamespaceConfig::cgroup, NamespaceKind::cgroup>,
    },
    {
        .path = "namespaces.time",
        .form = "true, false, \"unit:NAME\", \"/path\" or a table such as "
                "{ boottime = \"+30d\" }",
        .fallback = "false",
        .documentation =
            "A time namespace of the service's own: its CLOCK_MONOTONIC and CLOCK_BOOTTIME, and so "
            "what uptime(1) shows, are those of the machine plus an offset. The date is not "
            "concerned: CLOCK_REALTIME has no namespace.",
        .operation = "unshare(2) CLONE_NEWTIME, the offsets, then setns(2) into it",
        .source = "time_namespaces(7)",
        .systemd = "",
        .read = read_plain_namespace<&NamespaceConfig::time, NamespaceKind::time>,
    },
    {
        .path = "namespaces.time.boottime",
        .form = offset_form,
        .fallback = "\"+0s\"",
        .documentation =
            "What CLOCK_BOOTTIME is ahead of the machine's, or behind it; it cannot begin before "
            "zero.",
        .operation = "write(2) to /proc/self/timens_offsets",
        .source = "time_namespaces(7)",
        .systemd = "",
        .read = read_offset<&NamespaceConfig::boottime_offset>,
    },
    {
        .path = "namespaces.time.monotonic",
        .form = offset_form,
        .fallback = "\"+0s\"",
        .documentation = "The same for CLOCK_MONOTONIC.",
        .operation = "write(2) to /proc/self/timens_offsets",
        .source = "time_namespaces(7)",
        .systemd = "",
        .read = read_offset<&NamespaceConfig::monotonic_offset>,
    },
};

}  // namespace

std::span<const Key> namespaces_keys() {
    return namespaces_table;
}

}  // namespace confinit
