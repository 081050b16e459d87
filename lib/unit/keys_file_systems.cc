// SPDX-License-Identifier: Apache-2.0
// The keys of [mounts] that bring file systems of the service's own: of memory and of the kernel.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/mount_members.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view tmpfs_form = "an absolute path or a table with target, size and mode";
constexpr std::string_view proc_form =
    "one of private, noaccess, invisible, ptraceable, pids-only, inherited, or two of them such as "
    "[\"invisible\", \"pids-only\"]";

// `own` with `pids_only`, or a view of the processes.
struct ProcWord {
    ProcView view;
    bool pids_only;

    bool operator==(const ProcWord&) const = default;
};

constexpr auto proc_names = make_name_table<ProcWord>({
    {{ProcView::own, false}, "private"},
    {{ProcView::noaccess, false}, "noaccess"},
    {{ProcView::invisible, false}, "invisible"},
    {{ProcView::ptraceable, false}, "ptraceable"},
    {{ProcView::own, true}, "pids-only"},
    {{ProcView::inherited, false}, "inherited"},
});

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

// A view of the processes, and whether there is anything else, are two things; "private" and
// "inherited" say both.
void read_proc(const Value& value, Unit& unit) {
    const auto read_word = [](const Value& element) {
        return read_choice(element, proc_names);
    };
    std::vector<ProcWord> words;
    if (value.is_array()) {
        words = list_of(value, proc_form, read_word);
    } else if (const auto word = read_word(value)) {
        words.push_back(*word);
    }
    if (value.is_array() && value.is_empty()) value.mismatch();
    if (words.empty()) return;
    const bool is_pair =
        words.size() == 2 && words[0].pids_only != words[1].pids_only &&
        std::ranges::none_of(words, [](const ProcWord& word) {
            return word.view == ProcView::inherited || word == ProcWord{ProcView::own, false};
        });
    if (words.size() > 1 && !is_pair) {
        return value.refuse(
            "of two words one is pids-only, and the other one noaccess, invisible "
            "or ptraceable");
    }
    const ProcWord& view = words.front().pids_only ? words.back() : words.front();
    unit.mounts.proc = view.view;
    unit.mounts.proc_pids_only = std::ranges::any_of(words, &ProcWord::pids_only);
}

constexpr Key file_system_table[] = {
    {
        .path = "mounts.tmpfs",
        .form = "an array of absolute paths and tables such as { target = \"/run/web\", "
                "size = \"16M\", mode = \"0755\" }",
        .fallback = "[]",
        .documentation =
            "Empty file systems in memory, gone when the service ends. Their pages count in "
            "memory.max. Without a size, half of the machine's memory is the bound. On \"/\" it is "
            "the service's whole root, with what the unit's other mounts put there, in place of "
            "the host's or of mounts.root; read_only = [\"/\"] seals it when that is done.",
        .operation = "fsopen(2) tmpfs, move_mount(2)",
        .source = "tmpfs(5)",
        .systemd = "TemporaryFileSystem=",
        .read = read_tmpfs_list,
        .skips_entries = true,
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
            "A /dev of the service's own with null, zero, full, random, urandom, tty, pts, shm, "
            "mqueue and nothing of the machine's hardware. With a user namespace and the host's "
            "ipc namespace, mqueue is the host's, or an empty directory where it has none.",
        .operation = "fsopen(2) tmpfs, bind mounts of the device nodes",
        .source = "null(4), random(4), pts(4)",
        .systemd = "PrivateDevices=",
        .read = read_private_dev,
    },
    {
        .path = "mounts.proc",
        .form = proc_form,
        .fallback = "\"private\" with a new pid namespace, else \"inherited\"",
        .documentation =
            "What /proc is to the service. private: a procfs of its pid namespace. noaccess: the "
            "same, and nobody looks into processes of other users; invisible: nor sees them; "
            "ptraceable: only those that it may trace are seen. pids-only: processes alone, "
            "without /proc/sys and the rest, alone or with one of these three. inherited: the "
            "supervisor's.",
        .operation = "fsopen(2) proc with hidepid= and subset=, move_mount(2)",
        .source = "proc(5)",
        .systemd = "ProtectProc=, ProcSubset=",
        .read = read_proc,
    },
};

}  // namespace

std::span<const Key> file_system_keys() {
    return file_system_table;
}

}  // namespace confinit
