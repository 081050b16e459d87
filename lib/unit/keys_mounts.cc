// SPDX-License-Identifier: Apache-2.0
// The keys of [mounts]: how the file system looks to the service.
#include "unit/forms.h"
#include "unit/keys.h"

#include "base/text.h"
#include "unit/protect_presets.h"

namespace confinit {
namespace {

constexpr std::string_view paths_form =
    "an array of absolute paths such as [\"/\", \"/var/lib/web\"]";
constexpr std::string_view bind_form =
    "\"/source:/target\", \"/source:/target:ro\" or a table with source, target, read_only and "
    "recursive";
constexpr std::string_view tmpfs_form = "an absolute path or a table with target, size and mode";

constexpr auto proc_names = make_name_table<ProcView>({
    {ProcView::own, "private"},
    {ProcView::invisible, "invisible"},
    {ProcView::pids_only, "pids-only"},
    {ProcView::inherited, "inherited"},
});

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

template <std::vector<std::string> MountConfig::* member>
void read_paths(const Value& value, Unit& unit) {
    unit.mounts.*member = list_of(value, path_form, read_plain_path);
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

std::optional<std::string> required_path(const Value& table, std::string_view name) {
    const auto path = table.member(name, path_form);
    if (path) return read_plain_path(*path);
    table.miss(name);
    return std::nullopt;
}

// A member that may be left out: `target` keeps its default then. False when it is wrong.
template <class Target, class Read>
bool read_member(const Value& table, std::string_view name, std::string_view form, Target& target,
                 Read read) {
    const auto member = table.member(name, form);
    if (!member) return true;
    auto value = read(*member);
    if (!value) return false;
    target = *value;
    return true;
}

std::optional<BindMount> read_bind_table(const Value& table) {
    constexpr std::string_view names[] = {"source", "target", "read_only", "recursive"};
    table.allow_members(names);
    auto source = required_path(table, "source");
    auto target = required_path(table, "target");
    BindMount bind;
    const auto boolean = [](const Value& value) {
        return value.boolean();
    };
    const bool flags_are_good =
        read_member(table, "read_only", boolean_form, bind.read_only, boolean) &&
        read_member(table, "recursive", boolean_form, bind.recursive, boolean);
    if (!source || !target || !flags_are_good) return std::nullopt;
    bind.source = std::move(*source);
    bind.target = std::move(*target);
    return bind;
}

std::optional<BindMount> read_bind_text(const Value& value) {
    const auto text = value.word();
    if (!text) return std::nullopt;
    const auto parts = split(*text, ':');
    const bool has_mode = parts.size() == 3 && (parts[2] == "ro" || parts[2] == "rw");
    if (parts.size() != 2 && !has_mode) {
        value.mismatch();
        return std::nullopt;
    }
    for (const std::string_view path : {parts[0], parts[1]}) {
        std::string fault = plain_path_fault(path);
        if (fault.empty()) continue;
        value.refuse(std::move(fault));
        return std::nullopt;
    }
    return BindMount{.source = std::string{parts[0]},
                     .target = std::string{parts[1]},
                     .read_only = has_mode && parts[2] == "ro"};
}

std::optional<BindMount> read_bind(const Value& value) {
    return value.is_table() ? read_bind_table(value) : read_bind_text(value);
}

void read_binds(const Value& value, Unit& unit) {
    unit.mounts.bind = list_of(value, bind_form, read_bind);
}

std::optional<TmpfsMount> read_tmpfs_table(const Value& table) {
    constexpr std::string_view names[] = {"target", "size", "mode"};
    constexpr std::string_view mode_form = "octal digits up to \"1777\" such as \"0755\"";
    table.allow_members(names);
    auto target = required_path(table, "target");
    TmpfsMount tmpfs;
    const bool rest_is_good =
        read_member(table, "size", size_form, tmpfs.size, read_size) &&
        read_member(table, "mode", mode_form, tmpfs.mode,
                    [](const Value& value) { return read_mode(value, 01777); });
    if (!target || !rest_is_good) return std::nullopt;
    tmpfs.target = std::move(*target);
    return tmpfs;
}

std::optional<TmpfsMount> read_tmpfs(const Value& value) {
    if (value.is_table()) return read_tmpfs_table(value);
    auto path = read_plain_path(value);
    if (!path) return std::nullopt;
    return TmpfsMount{.target = std::move(*path)};
}

void read_tmpfs_list(const Value& value, Unit& unit) {
    unit.mounts.tmpfs = list_of(value, tmpfs_form, read_tmpfs);
}

void read_private_tmp(const Value& value, Unit& unit) {
    assign(unit.mounts.private_tmp, value.boolean());
}

void read_private_dev(const Value& value, Unit& unit) {
    assign(unit.mounts.private_dev, value.boolean());
}

void read_proc(const Value& value, Unit& unit) {
    assign(unit.mounts.proc, read_choice(value, proc_names));
}

constexpr Key keys[] = {
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
            "reaches the host.",
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
            "is an error at the start. A mount that the host makes below it later arrives as the "
            "host has it, so writable, where the host's mount is shared: mounts.propagation = "
            "\"private\" keeps it out.",
        .operation = "mount_setattr(2) MOUNT_ATTR_RDONLY, recursive",
        .source = "mount_setattr(2)",
        .systemd = "ReadOnlyPaths=",
        .read = read_paths<&MountConfig::read_only>,
    },
    {
        .path = "mounts.read_write",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that stay writable below a read_only one, as far as permissions go.",
        .operation = "a bind mount of its own; mount_setattr(2)",
        .source = "mount_setattr(2)",
        .systemd = "ReadWritePaths=",
        .read = read_paths<&MountConfig::read_write>,
    },
    {
        .path = "mounts.inaccessible",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that the service cannot look into: an empty file or directory of mode 000 lies "
            "over each of them.",
        .operation = "move_mount(2) of an empty, read-only mount",
        .source = "move_mount(2), mount(2)",
        .systemd = "InaccessiblePaths=",
        .read = read_paths<&MountConfig::inaccessible>,
    },
    {
        .path = "mounts.no_exec",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths below which no program can be executed and no file be mapped as code, whatever "
            "is mounted there, the unit's own tmpfs and bind mounts included. The longest path "
            "decides, so exec paths may lie below. A path that does not exist is an error at the "
            "start. For what the host mounts later, see mounts.read_only.",
        .operation = "mount_setattr(2) MOUNT_ATTR_NOEXEC, recursive",
        .source = "mount_setattr(2)",
        .systemd = "NoExecPaths=",
        .read = read_paths<&MountConfig::no_exec>,
    },
    {
        .path = "mounts.exec",
        .form = paths_form,
        .fallback = "[]",
        .documentation =
            "Paths that programs can still be executed from below a no_exec one. What the host "
            "itself has mounted noexec stays so.",
        .operation = "a bind mount of its own; mount_setattr(2)",
        .source = "mount_setattr(2)",
        .systemd = "ExecPaths=",
        .read = read_paths<&MountConfig::exec>,
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
    },
    {
        .path = "mounts.bind",
        .form = "an array of \"/source:/target\", \"/source:/target:ro\" or tables such as "
                "{ source = \"/a\", target = \"/b\", read_only = true }",
        .fallback = "[]",
        .documentation =
            "Files and directories of the host that the service sees at another place, too. The "
            "target must exist in the service's root. A table may say recursive = false, which "
            "leaves out what is mounted below the source.",
        .operation = "open_tree(2) OPEN_TREE_CLONE, move_mount(2)",
        .source = "open_tree(2), move_mount(2)",
        .systemd = "BindPaths=, BindReadOnlyPaths=",
        .read = read_binds,
    },
    {
        .path = "mounts.tmpfs",
        .form = "an array of absolute paths and tables such as { target = \"/run/web\", "
                "size = \"16M\", mode = \"0755\" }",
        .fallback = "[]",
        .documentation =
            "Empty file systems in memory, gone when the service ends. Their pages count in "
            "memory.max. Without a size, half of the machine's memory is the bound.",
        .operation = "fsopen(2) tmpfs, move_mount(2)",
        .source = "tmpfs(5)",
        .systemd = "TemporaryFileSystem=",
        .read = read_tmpfs_list,
    },
    {
        .path = "mounts.private_tmp",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "A /tmp and a /var/tmp of the service's own, in memory, empty at each start.",
        .operation = "fsopen(2) tmpfs, move_mount(2)",
        .source = "tmpfs(5)",
        .systemd = "PrivateTmp=disconnected",
        .read = read_private_tmp,
    },
    {
        .path = "mounts.private_dev",
        .form = boolean_form,
        .fallback = "false",
        .documentation =
            "A /dev of the service's own with null, zero, full, random, urandom, tty, pts, shm and "
            "nothing of the machine's hardware.",
        .operation = "fsopen(2) tmpfs, bind mounts of the device nodes",
        .source = "null(4), random(4), pts(4)",
        .systemd = "PrivateDevices=",
        .read = read_private_dev,
    },
    {
        .path = "mounts.proc",
        .form = "one of private, invisible, pids-only, inherited",
        .fallback = "\"private\" with a new pid namespace, else \"inherited\"",
        .documentation =
            "What /proc is to the service. private: a procfs of its pid namespace. invisible: the "
            "same, and processes of other users are hidden. pids-only: processes alone, without "
            "/proc/sys and the rest. inherited: the supervisor's.",
        .operation = "fsopen(2) proc with hidepid= and subset=, move_mount(2)",
        .source = "proc(5)",
        .systemd = "ProtectProc=, ProcSubset=",
        .read = read_proc,
    },
};

}  // namespace

std::span<const Key> mounts_keys() {
    return keys;
}

}  // namespace confinit
