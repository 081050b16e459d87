// SPDX-License-Identifier: Apache-2.0
// The keys of [mounts]: which paths a service sees, and what it may do there.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"
#include "unit/mount_members.h"
#include "unit/protect_presets.h"

namespace confinit {
namespace {

constexpr std::string_view paths_form =
    "an array of absolute paths such as [\"/\", \"-/var/lib/web\"]";
constexpr std::string_view bind_form =
    "\"/source:/target\", \"/source:/target:ro\" or a table with source, target, read_only, "
    "recursive and optional";
constexpr auto propagation_names = make_name_table<Propagation>({
    {Propagation::private_tree, "private"},
    {Propagation::slave, "slave"},
    {Propagation::shared, "shared"},
    {Propagation::unbindable, "unbindable"},
});

void read_propagation(const Value& value, Unit& unit) {
    assign(unit.mounts.propagation, read_choice(value, propagation_names));
}

void read_root(const Value& value, Unit& unit) {
    assign(unit.mounts.root, read_plain_path(value));
}

// "-/path" may be left out where it cannot be had, as systemd writes it. Absent: it is at fault.
std::optional<std::string_view> without_dash(const Value& value, std::string_view text,
                                             Unit& unit) {
    const bool is_optional = text.starts_with('-');
    if (is_optional) text.remove_prefix(1);
    if (std::string fault = plain_path_fault(text); !fault.empty()) {
        value.refuse(std::move(fault));
        return std::nullopt;
    }
    if (is_optional) unit.optional_entries.push_back(value.key());
    return text;
}

template <std::vector<std::string> MountConfig::* member>
void read_paths(const Value& value, Unit& unit) {
    unit.mounts.*member = list_of(value, path_form, [&unit](const Value& element) {
        const auto text = element.word();
        const auto path = text ? without_dash(element, *text, unit) : std::nullopt;
        return path ? std::optional{std::string{*path}} : std::nullopt;
    });
}

std::optional<const ProtectPreset*> read_preset(const Value& value) {
    const auto name = value.word();
    if (!name) return std::nullopt;
    if (const ProtectPreset* preset = find_protect_preset(*name)) return preset;
    value.refuse("there is no preset " + quoted(*name),
                 value.nearest(*name, protect_preset_names()));
    return std::nullopt;
}

void read_protect(const Value& value, Unit& unit) {
    if (const std::string* text = value.if_text()) {
        const std::string nearest = value.nearest(*text, protect_preset_names());
        return value.mismatch(words_as_array(nearest.empty() ? *text : nearest));
    }
    unit.mounts.protect = list_of(value, "the name of a preset such as \"system\"", read_preset);
}

std::optional<BindMount> read_bind_table(const Value& table, Unit& unit) {
    constexpr std::string_view names[] = {"source", "target", "read_only", "recursive", "optional"};
    table.allow_members(names);
    auto source = required_path(table, "source");
    auto target = required_path(table, "target");
    BindMount bind;
    const auto boolean = [](const Value& value) {
        return value.boolean();
    };
    bool is_optional = false;
    const bool flags_are_good =
        read_member(table, "read_only", boolean_form, bind.read_only, boolean) &&
        read_member(table, "recursive", boolean_form, bind.recursive, boolean) &&
        read_member(table, "optional", boolean_form, is_optional, boolean);
    if (!source || !target || !flags_are_good) return std::nullopt;
    if (is_optional) unit.optional_entries.push_back(table.key());
    bind.source = std::move(*source);
    bind.target = std::move(*target);
    return bind;
}

std::optional<BindMount> read_bind_text(const Value& value, Unit& unit) {
    const auto text = value.word();
    if (!text) return std::nullopt;
    const auto parts = split(*text, ':');
    const bool has_mode = parts.size() == 3 && (parts[2] == "ro" || parts[2] == "rw");
    if (parts.size() != 2 && !has_mode) {
        value.mismatch();
        return std::nullopt;
    }
    if (std::string fault = plain_path_fault(parts[1]); !fault.empty()) {
        value.refuse(std::move(fault));
        return std::nullopt;
    }
    const auto source = without_dash(value, parts[0], unit);
    if (!source) return std::nullopt;
    return BindMount{.source = std::string{*source},
                     .target = std::string{parts[1]},
                     .read_only = has_mode && parts[2] == "ro"};
}

void read_binds(const Value& value, Unit& unit) {
    unit.mounts.bind = list_of(value, bind_form, [&unit](const Value& element) {
        return element.is_table() ? read_bind_table(element, unit) : read_bind_text(element, unit);
    });
}

constexpr Key mounts_table[] = {
    {
        .path = "mounts.propagation",
        .form = "one of private, slave, shared, unbindable",
        .fallback = "\"slave\"",
        .documentation =
            "How mounts travel. slave: what the host mounts or unmounts later arrives in the "
            "service, too, so that a device the host lets go of is free. private: nothing arrives, "
            "and what the host unmounts stays mounted in the service until its end. shared: as "
            "slave, and mount namespaces that the service makes are peers of its own. unbindable: "
            "as private, and nothing can be bound to another place. What the service mounts never "
            "reaches the host. Where this key is not given, or is \"shared\", all at and below "
            "what is read_only, no_exec or inaccessible is private nevertheless, because a mount "
            "that arrives has the attributes that the host gives it. A unit that says \"slave\" "
            "itself lets such mounts in, for an automounter or a device that is unplugged, and is "
            "warned. What the host mounts on a directory further up arrives and lies over such a "
            "path, unless that directory is one of them, too, or this is \"private\"; svctl "
            "verify tells it.",
        .operation = "mount(2) MS_SLAVE | MS_REC before all else, and the declared one at the end",
        .source = "mount_namespaces(7)",
        .systemd = "MountFlags=",
        .read = read_propagation,
    },
    {
        .path = "mounts.root",
        .form = path_form,
        .fallback = "the supervisor's own root",
        .documentation =
            "A directory of the host that becomes the service's /. All other paths of the unit "
            "but the sources of bind mounts are looked up in it, and nothing outside of it stays "
            "reachable.",
        .operation = "pivot_root(2), then umount2(2) of the old root",
        .source = "pivot_root(2)",
        .systemd = "RootDirectory=",
        .read = read_root,
    },
    {
        .path = "mounts.read_only",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that the service can read but not write, everything mounted below included. The "
            "longest path decides, so read_write paths may lie below. A path that does not exist "
            "is an error at the start; one that is written \"-/path\" is left out then, which "
            "svctl status tells, as each entry that fails is where unit.optional has the key. A "
            "mount that the host makes below it later does not arrive, see mounts.propagation.",
        .operation = "mount_setattr(2) MOUNT_ATTR_RDONLY, recursive",
        .source = "mount_setattr(2)",
        .systemd = "ReadOnlyPaths=",
        .read = read_paths<&MountConfig::read_only>,
        .skips_entries = true,
    },
    {
        .path = "mounts.read_write",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that stay writable below a read_only one, as far as permissions go. \"-/path\" "
            "may be left out, as in mounts.read_only.",
        .operation = "a bind mount of its own; mount_setattr(2)",
        .source = "mount_setattr(2)",
        .systemd = "ReadWritePaths=",
        .read = read_paths<&MountConfig::read_write>,
        .skips_entries = true,
    },
    {
        .path = "mounts.inaccessible",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that the service cannot look into: an empty file or directory of mode 000 lies "
            "over each of them. \"-/path\" may be left out, as in mounts.read_only.",
        .operation = "move_mount(2) of an empty, read-only mount",
        .source = "move_mount(2), mount(2)",
        .systemd = "InaccessiblePaths=",
        .read = read_paths<&MountConfig::inaccessible>,
        .skips_entries = true,
    },
    {
        .path = "mounts.no_exec",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths below which no program can be executed and no file be mapped as code, whatever "
            "is mounted there, the unit's own tmpfs and bind mounts included. The longest path "
            "decides, so exec paths may lie below. A path that does not exist is an error at the "
            "start; \"-/path\" may be left out, as in mounts.read_only. For what the host mounts "
            "later, see mounts.propagation.",
        .operation = "mount_setattr(2) MOUNT_ATTR_NOEXEC, recursive",
        .source = "mount_setattr(2)",
        .systemd = "NoExecPaths=",
        .read = read_paths<&MountConfig::no_exec>,
        .skips_entries = true,
    },
    {
        .path = "mounts.exec",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that programs can still be executed from below a no_exec one. What the host "
            "itself has mounted noexec stays so. \"-/path\" may be left out, as in "
            "mounts.read_only.",
        .operation = "a bind mount of its own; mount_setattr(2)",
        .source = "mount_setattr(2)",
        .systemd = "ExecPaths=",
        .read = read_paths<&MountConfig::exec>,
        .skips_entries = true,
    },
    {
        .path = "mounts.protect",
        .form = "an array of system, system-full, system-strict, home, home-read-only, home-tmpfs, "
                "kernel-tunables, kernel-modules, kernel-logs, cgroups, clock, hostname",
        .fallback = "[]",
        .documentation =
            "Presets; each covers of its paths those that exist. system: /usr, /boot, /efi and the "
            "programs and libraries beside /usr are read-only; system-full: /etc, too; "
            "system-strict: everything but /proc, /sys, /dev and the home directories. home: "
            "/home, /root and /run/user are inaccessible; home-read-only, home-tmpfs: read-only, "
            "or empty. kernel-tunables: /proc/sys and its like and /sys are read-only, "
            "/proc/kallsyms and /proc/kcore inaccessible. kernel-modules: the modules are "
            "inaccessible, CAP_SYS_MODULE is taken away and the calls that load them answer EPERM. "
            "kernel-logs: the same of /dev/kmsg, /proc/kmsg, CAP_SYSLOG and syslog(2). cgroups: "
            "/sys/fs/cgroup is read-only. clock: CAP_SYS_TIME, CAP_WAKE_ALARM, the calls that set "
            "a clock and the real-time clocks that are there (/dev/rtc*) are taken away. hostname: "
            "the calls that set the host's and the domain's "
            "name answer EPERM. A preset that denies calls brings a filter, and so no_new_privs.",
        .operation = "as read_only, inaccessible, tmpfs, capabilities.bounding and seccomp.deny",
        .source = "mount_setattr(2), capabilities(7), seccomp(2)",
        .systemd = "ProtectSystem=, ProtectHome=, ProtectKernelTunables=, ProtectKernelModules=, "
                   "ProtectKernelLogs=, ProtectControlGroups=, ProtectClock=, ProtectHostname=",
        .read = read_protect,
        .skips_entries = true,
    },
    {
        .path = "mounts.bind",
        .form = "an array of \"/source:/target\", \"/source:/target:ro\" or tables such as "
                "{ source = \"/a\", target = \"/b\", read_only = true }",
        .fallback = "[]",
        .documentation =
            "Files and directories of the host that the service sees at another place, too. The "
            "target must exist in the service's root, unless it lies in a tmpfs of the unit, where "
            "it is made; a file lies over a symbolic link that leads nowhere. On \"/\" the source "
            "is all that the service sees. A table may say recursive = false, which leaves out "
            "what is mounted below the source, and optional = true, as \"-/source:/target\" does: "
            "where the source or target cannot be had the entry is left out, and svctl status "
            "tells.",
        .operation = "open_tree(2) OPEN_TREE_CLONE, move_mount(2)",
        .source = "open_tree(2), move_mount(2)",
        .systemd = "BindPaths=, BindReadOnlyPaths=",
        .read = read_binds,
        .skips_entries = true,
    },
};

}  // namespace

std::span<const Key> mounts_keys() {
    return mounts_table;
}

}  // namespace confinit
