// SPDX-License-Identifier: Apache-2.0
// The order of a service's mounts, and what a mount takes over from the paths that it lies in.
#include "launch/plan/mount_order.h"

#include "kernel/mount_table.h"
#include "launch/plan/mount_kinds.h"

#include <algorithm>
#include <linux/mount.h>
#include <string_view>
#include <tuple>

namespace confinit {
namespace {

std::size_t depth_of(std::string_view path) {
    if (path == "/") return 0;
    return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

// An op's say about a path that it covers.
struct Says {
    bool about_writing = false;
    bool read_only = false;
    bool about_execution = false;
    bool no_exec = false;
};

Says says(const MountDraft& op) {
    switch (op.kind) {
    case MountOpKind::read_only:
        return {.about_writing = true, .read_only = true};
    case MountOpKind::read_write:
        return {.about_writing = true};
    case MountOpKind::no_exec:
        return {.about_execution = true, .no_exec = true};
    case MountOpKind::exec:
        return {.about_execution = true};
    case MountOpKind::bind:
    case MountOpKind::tmpfs:
    case MountOpKind::proc:
    case MountOpKind::devpts:
    case MountOpKind::mqueue:
    case MountOpKind::overlay:
    case MountOpKind::cgroup:
        return {.about_writing = true, .read_only = (op.attributes & MOUNT_ATTR_RDONLY) != 0};
    case MountOpKind::propagation:
    case MountOpKind::device_node:
    case MountOpKind::overlay_layer:
    case MountOpKind::directory:
    case MountOpKind::symlink:
    case MountOpKind::seal:
    case MountOpKind::inaccessible:
    case MountOpKind::change_root:
    case MountOpKind::change_propagation:
        return {};
    }
    return {};
}

// Whether an op brings a mount that others may lie in.
bool is_tree(MountOpKind kind) {
    return kind == MountOpKind::tmpfs || kind == MountOpKind::bind || kind == MountOpKind::proc ||
           kind == MountOpKind::overlay;
}

}  // namespace

// Not by stable_sort, which would ask for memory in a deprecated way.
void sort_by_depth(std::vector<PlannedOp>& ops) {
    for (std::size_t i = 0; i < ops.size(); ++i)
        ops[i].position = i;
    std::ranges::sort(ops, {}, [](const PlannedOp& planned) {
        return std::tuple{depth_of(planned.target), planned.turn, planned.position};
    });
}

const PlannedOp* find_covering_mount(const std::vector<PlannedOp>& ops, const PlannedOp& planned,
                                     OwnMount own) {
    const PlannedOp* nearest = nullptr;
    for (const PlannedOp& other : ops) {
        if (!is_tree(other.op.kind) || !is_within(planned.target, other.target)) continue;
        if (other.target == planned.target && own == OwnMount::is_left_out) continue;
        if (nearest == nullptr || other.target.size() >= nearest->target.size()) nearest = &other;
    }
    return nearest;
}

const PlannedOp* find_covering_tmpfs(const std::vector<PlannedOp>& ops, const PlannedOp& planned) {
    const PlannedOp* nearest = find_covering_mount(ops, planned, OwnMount::is_left_out);
    return nearest != nullptr && nearest->op.kind == MountOpKind::tmpfs ? nearest : nullptr;
}

const PlannedOp* find_mount_on_root(const std::vector<PlannedOp>& ops) {
    const PlannedOp* found = nullptr;
    for (const PlannedOp& planned : ops) {
        if (planned.target == "/" && is_tree(planned.op.kind)) found = &planned;
    }
    return found;
}

std::string path_below(const std::string& path, std::string_view directory) {
    return directory == "/" ? path : path.substr(directory.size());
}

namespace {

// A mount need not forbid first what a key of its own path gives back: nothing is executed before
// the last op.
bool is_given_back(const std::vector<PlannedOp>& ops, const PlannedOp& planned) {
    return std::ranges::any_of(ops, [&](const PlannedOp& other) {
        return other.op.kind == MountOpKind::exec && other.target == planned.target;
    });
}

}  // namespace

// Of the ops before one, those at its own path that the turns put behind it have their say later.
void inherit_attributes(std::vector<PlannedOp>& ops) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
        PlannedOp& planned = ops[i];
        if (!mount_kind_row(planned.op.kind).brings_mount) continue;
        Says decided;
        for (std::size_t before = 0; before < i; ++before) {
            if (!is_within(planned.target, ops[before].target)) continue;
            const Says said = says(ops[before].op);
            if (said.about_writing) decided.read_only = said.read_only;
            if (said.about_execution) decided.no_exec = said.no_exec;
        }
        const MountOpKind kind = planned.op.kind;
        if (decided.no_exec && !is_given_back(ops, planned)) {
            planned.op.attributes |= MOUNT_ATTR_NOEXEC;
        }
        if (decided.read_only && kind == MountOpKind::exec) {
            planned.op.attributes |= MOUNT_ATTR_RDONLY;
        }
    }
}

}  // namespace confinit
