// SPDX-License-Identifier: Apache-2.0
// Mount kinds: what each kind of mount op brings to the tree and needs of it, in one table.
#pragma once

#include "launch/child_plan.h"

#include <array>
#include <cstddef>
#include <utility>

namespace confinit {

struct MountKindRow {
    MountOpKind kind;
    // Its mount has none of the attributes that were set at its path before.
    bool brings_mount;
    // Below its target other files are seen than before.
    bool brings_files;
    // Its source is a path on the host; that of a layer only where it is not in memory.
    bool has_host_source;
};

// clang-format off
inline constexpr std::array mount_kind_rows{
    //                                            mount  files  source
    MountKindRow{MountOpKind::propagation,        false, false, false},
    MountKindRow{MountOpKind::bind,               true,  true,  true},
    MountKindRow{MountOpKind::tmpfs,              true,  true,  false},
    MountKindRow{MountOpKind::proc,               true,  true,  false},
    MountKindRow{MountOpKind::device_node,        true,  true,  true},
    MountKindRow{MountOpKind::devpts,             true,  true,  false},
    MountKindRow{MountOpKind::mqueue,             true,  true,  false},
    MountKindRow{MountOpKind::cgroup,             true,  true,  false},
    MountKindRow{MountOpKind::overlay_layer,      false, false, true},
    MountKindRow{MountOpKind::overlay,            true,  true,  false},
    MountKindRow{MountOpKind::directory,          false, false, false},
    MountKindRow{MountOpKind::symlink,            false, false, false},
    MountKindRow{MountOpKind::seal,               false, false, false},
    MountKindRow{MountOpKind::read_only,          false, false, false},
    MountKindRow{MountOpKind::read_write,         true,  false, true},
    MountKindRow{MountOpKind::inaccessible,       false, true,  false},
    MountKindRow{MountOpKind::no_exec,            false, false, false},
    MountKindRow{MountOpKind::exec,               true,  false, true},
    MountKindRow{MountOpKind::change_root,        false, false, false},
    MountKindRow{MountOpKind::change_propagation, false, false, false},
};
// clang-format on

// Each kind has its row, at its own index.
static_assert([] {
    constexpr auto last = std::to_underlying(MountOpKind::change_propagation);
    if (mount_kind_rows.size() != std::size_t{last} + 1) return false;
    for (std::size_t i = 0; i < mount_kind_rows.size(); ++i) {
        if (std::to_underlying(mount_kind_rows[i].kind) != i) return false;
    }
    return true;
}());

constexpr const MountKindRow& mount_kind_row(MountOpKind kind) {
    return mount_kind_rows[std::to_underlying(kind)];
}

}  // namespace confinit
