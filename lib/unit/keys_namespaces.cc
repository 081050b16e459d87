// SPDX-License-Identifier: Apache-2.0
// The keys of [namespaces]: which of the kernel's views the service does not share.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view map_form =
    "an array of lines \"INSIDE OUTSIDE COUNT\", such as [\"0 100000 65536\"]";
constexpr std::string_view map_line_form = "\"INSIDE OUTSIDE COUNT\", such as \"0 100000 65536\"";
// user_namespaces(7): a map has at most 340 lines.
constexpr std::size_t most_map_lines = 340;
// What the kernel calls nobody, overflowuid of proc(5).
constexpr std::uint32_t nobody = 65534;
constexpr std::size_t longest_hostname = 64;  // HOST_NAME_MAX of gethostname(2)

// Where a table is allowed, it means a new namespace, and the keys below this one say which.
std::optional<bool> read_namespace(const Value& value) {
    if (value.is_table() && has_keys_below(value.key())) return true;
    const std::string* text = value.if_text();
    if (text != nullptr && (text->starts_with("unit:") || text->starts_with('/'))) {
        value.refuse("joining another namespace (" + quoted(*text) +
                     ") is not possible in this version; it is true (a new one) or false");
        return std::nullopt;
    }
    return value.boolean();
}

template <bool NamespaceConfig::* member>
void read_plain_namespace(const Value& value, Unit& unit) {
    assign(unit.namespaces.*member, read_namespace(value));
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

// Root of a namespace without a map of its own is nobody outside.
void read_user_namespace(const Value& value, Unit& unit) {
    const auto is_new = read_namespace(value);
    if (!is_new) return;
    unit.namespaces.user = *is_new;
    if (!*is_new) return;
    unit.namespaces.uid_map = {{.inside = 0, .outside = nobody, .count = 1}};
    unit.namespaces.gid_map = unit.namespaces.uid_map;
}

std::optional<IdMap> read_map_line(const Value& value) {
    const std::string* text = value.if_text();
    const auto words = split_words(text != nullptr ? *text : std::string_view{});
    std::uint64_t numbers[3] = {};
    bool is_good = words.size() == 3;
    for (std::size_t i = 0; is_good && i < 3; ++i) {
        const auto number = parse_unsigned(words[i]);
        is_good = number && *number < 0xffff'ffff;
        if (is_good) numbers[i] = *number;
    }
    const auto [inside, outside, count] = numbers;
    // The last id, 4294967295, stands for "none" and cannot be mapped.
    if (!is_good || count == 0 || std::max(inside, outside) + count > 0xffff'ffff) {
        value.mismatch();
        return std::nullopt;
    }
    return IdMap{static_cast<std::uint32_t>(inside), static_cast<std::uint32_t>(outside),
                 static_cast<std::uint32_t>(count)};
}

bool overlap(std::uint64_t one, std::uint64_t one_count, std::uint64_t two,
             std::uint64_t two_count) {
    return one < two + two_count && two < one + one_count;
}

bool overlap(const IdMap& one, const IdMap& two) {
    return overlap(one.inside, one.count, two.inside, two.count) ||
           overlap(one.outside, one.count, two.outside, two.count);
}

template <std::vector<IdMap> NamespaceConfig::* member>
void read_map(const Value& value, Unit& unit) {
    auto map = list_of(value, map_line_form, read_map_line);
    if (value.is_array() && value.is_empty()) return value.mismatch();
    if (map.size() > most_map_lines) return value.refuse("a map may have at most 340 lines");
    for (std::size_t i = 0; i < map.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (overlap(map[i], map[j])) return value.refuse("two lines map the same ids");
        }
    }
    unit.namespaces.*member = std::move(map);
}

enum class Setgroups { deny, allow };
constexpr auto setgroups_names = make_name_table<Setgroups>({
    {Setgroups::deny, "deny"},
    {Setgroups::allow, "allow"},
});

void read_setgroups(const Value& value, Unit& unit) {
    const auto setgroups = read_choice(value, setgroups_names);
    if (setgroups) unit.namespaces.allow_setgroups = *setgroups == Setgroups::allow;
}

constexpr Key keys[] = {
    {
        .path = "namespaces.mount",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "A mount namespace of the service's own. It starts as a copy of the supervisor's "
            "mounts; what the service mounts stays in it, and what the host mounts later comes in. "
            "Everything in [mounts] needs it.",
        .operation = "clone3(2) CLONE_NEWNS",
        .source = "mount_namespaces(7)",
        .systemd = "PrivateMounts=",
        .read = read_plain_namespace<&NamespaceConfig::mount>,
    },
    {
        .path = "namespaces.pid",
        .form = "true, false or a table such as { pid1 = \"self\" }",
        .fallback = "false",
        .documentation =
            "A process id namespace of the service's own: it sees and can signal its own processes "
            "only. With a mount namespace it also gets a /proc that shows them and no others.",
        .operation = "clone3(2) CLONE_NEWPID",
        .source = "pid_namespaces(7)",
        .systemd = "PrivatePIDs=",
        .read = read_plain_namespace<&NamespaceConfig::pid>,
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
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "A network namespace of the service's own, with the loopback device up and no other "
            "one: the service reaches nothing outside of it but file system sockets.",
        .operation = "clone3(2) CLONE_NEWNET; ioctl SIOCSIFFLAGS IFF_UP on lo",
        .source = "network_namespaces(7), netdevice(7)",
        .systemd = "PrivateNetwork=",
        .read = read_plain_namespace<&NamespaceConfig::net>,
    },
    {
        .path = "namespaces.ipc",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "System V IPC objects and POSIX message queues of the service's own; they end with it.",
        .operation = "clone3(2) CLONE_NEWIPC",
        .source = "ipc_namespaces(7)",
        .systemd = "PrivateIPC=",
        .read = read_plain_namespace<&NamespaceConfig::ipc>,
    },
    {
        .path = "namespaces.uts",
        .form = "true, false or a table such as { hostname = \"web\" }",
        .fallback = "false",
        .documentation =
            "A host name of the service's own, which it can change without anybody else noticing.",
        .operation = "clone3(2) CLONE_NEWUTS",
        .source = "uts_namespaces(7)",
        .systemd = "ProtectHostname=",
        .read = read_plain_namespace<&NamespaceConfig::uts>,
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
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "A cgroup namespace whose root is the service's own node, so that /proc/self/cgroup "
            "shows it nothing of the tree above.",
        .operation = "unshare(2) CLONE_NEWCGROUP inside of the node",
        .source = "cgroup_namespaces(7)",
        .systemd = "ProtectControlGroups=private",
        .read = read_plain_namespace<&NamespaceConfig::cgroup>,
    },
    {
        .path = "namespaces.user",
        .form = "true, false or a table such as { uid_map = [\"0 100000 65536\"], "
                "gid_map = [\"0 100000 65536\"] }",
        .fallback = "false",
        .documentation =
            "A user namespace of the service's own: its ids are others outside, and its "
            "capabilities count only for what belongs to the namespace. Without maps its root is "
            "nobody (65534) outside, and it has no other id.",
        .operation = "clone3(2) CLONE_NEWUSER",
        .source = "user_namespaces(7)",
        .systemd = "PrivateUsers=",
        .read = read_user_namespace,
    },
    {
        .path = "namespaces.user.uid_map",
        .form = map_form,
        .fallback = "[\"0 65534 1\"]",
        .documentation =
            "Which user ids inside are which outside: COUNT ids from INSIDE on are those from "
            "OUTSIDE on. Given together with gid_map.",
        .operation = "write(2) to /proc/PID/uid_map",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_map<&NamespaceConfig::uid_map>,
    },
    {
        .path = "namespaces.user.gid_map",
        .form = map_form,
        .fallback = "[\"0 65534 1\"]",
        .documentation = "The same for group ids. Given together with uid_map.",
        .operation = "write(2) to /proc/PID/gid_map",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_map<&NamespaceConfig::gid_map>,
    },
    {
        .path = "namespaces.user.setgroups",
        .form = "one of deny, allow",
        .fallback = "\"deny\"",
        .documentation =
            "Whether processes in the namespace may change their supplementary groups. Denied, "
            "they cannot get rid of a group that some file denies access to.",
        .operation = "write(2) to /proc/PID/setgroups",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_setgroups,
    },
};

}  // namespace

std::span<const Key> namespaces_keys() {
    return keys;
}

}  // namespace confinit
