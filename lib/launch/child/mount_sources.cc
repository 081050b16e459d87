// SPDX-License-Identifier: Apache-2.0
// The child opens or copies the sources of its mounts before anything is mounted: no op
// sees what another one has covered or made read-only.
#include "launch/child/mount_parts.h"

#include <fcntl.h>
#include <linux/openat2.h>

namespace confinit {

namespace {

ChildFd open_source(ChildContext& child, const MountOp& op) {
    const bool is_node = op.kind == MountOpKind::device_node;
    const bool is_layer = op.kind == MountOpKind::overlay_layer;
    return open_path(
        child, AT_FDCWD, op.source,
        O_PATH | (is_node ? std::uint64_t{O_NOFOLLOW} : 0) |
            (is_layer ? std::uint64_t{O_DIRECTORY} : 0),
        RESOLVE_NO_MAGICLINKS | (op.exact_source ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0));
}

bool keep_source(ChildContext& child, const MountOp& op, int& source) {
    source = open_source(child, op).release();
    return source >= 0;
}

// A copy that is made before anything is read-only has the attributes that the host gave it.
bool copy_source(ChildContext& child, const MountOp& op, int& source) {
    const ChildFd path = open_source(child, op);
    source = path ? copy_mount(child, path.get(), op.recursive).release() : -1;
    return source >= 0;
}

// A path that stays writable or executable is copied before anything else, with the attributes it
// has on the host: what is read-only or noexec there stays so. Within a bind mount that is what
// lies below its source. A path that an earlier op makes is not there yet, and within a tmpfs of
// the launch nothing is the host's.
bool copy_target(ChildContext& child, const MountOp& op, int& source) {
    const bool is_in_bind = op.source != nullptr;
    if (!is_in_bind && op.inside != 0) return true;
    const ChildFd path = is_in_bind ? open_source(child, op) : open_target(child, op);
    if (!path) return child.error == ENOENT;
    source = copy_mount(child, path.get(), !is_in_bind || op.recursive).release();
    return source >= 0;
}

// Where a layer is found by its descriptor.
bool open_own_descriptors(ChildContext& child) {
    if (child.own_descriptors >= 0) return true;
    child.own_descriptors = open_in_procfs(child, "self/fd", O_PATH | O_DIRECTORY).release();
    return child.own_descriptors >= 0;
}

bool open_op_source(ChildContext& child, const MountOp& op, int& source) {
    switch (op.kind) {
    case MountOpKind::bind:
    case MountOpKind::device_node:
        return copy_source(child, op, source);
    case MountOpKind::mqueue:
        return op.source == nullptr || copy_source(child, op, source);
    case MountOpKind::inaccessible:
        return op.source == nullptr || keep_source(child, op, source);
    case MountOpKind::read_write:
    case MountOpKind::exec:
        child.object =
            op.source != nullptr ? LaunchReport::Object::source : LaunchReport::Object::target;
        return copy_target(child, op, source);
    case MountOpKind::overlay_layer:
        return op.mode == memory_layer || keep_source(child, op, source);
    case MountOpKind::overlay:
        return open_own_descriptors(child);
    case MountOpKind::propagation:
    case MountOpKind::tmpfs:
    case MountOpKind::proc:
    case MountOpKind::devpts:
    case MountOpKind::cgroup:
    case MountOpKind::directory:
    case MountOpKind::symlink:
    case MountOpKind::seal:
    case MountOpKind::read_only:
    case MountOpKind::no_exec:
    case MountOpKind::change_root:
    case MountOpKind::change_propagation:
        return true;
    }
    return true;
}

// An image becomes a part of the tree on a directory that nobody else needs, a directory of the
// host on itself: pivot_root(2) wants a mount point, and targets are found in mounted trees only.
bool attach_root(ChildContext& child) {
    const char* path = child.plan.root != nullptr ? child.plan.root : child.plan.image_mount_point;
    const ChildFd directory{
        child.call(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return false;
    ChildFd tree = child.plan.root != nullptr ? copy_mount(child, directory.get(), true)
                                              : ChildFd{child.image};
    if (!tree || !attach_mount(child, tree, directory.get())) return false;
    child.root = tree.release();
    return true;
}

}  // namespace

bool open_root(ChildContext& child) {
    child.object = LaunchReport::Object::source;
    if (child.plan.root != nullptr || child.plan.image_mount_point != nullptr) {
        return attach_root(child);
    }
    child.root =
        static_cast<int>(child.call(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return child.root >= 0;
}

bool open_sources(ChildContext& child) {
    const auto mounts = child.plan.mounts;
    for (std::size_t index = 0; index < mounts.size(); ++index) {
        const MountOp& op = mounts.data()[index];
        int& source = child.plan.mount_sources[index];
        source = -1;
        child.item = static_cast<std::int32_t>(index);
        child.object = LaunchReport::Object::source;
        if (!open_op_source(child, op, source)) return false;
    }
    return true;
}

}  // namespace confinit
