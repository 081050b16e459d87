// SPDX-License-Identifier: Apache-2.0
// The child makes mount points only in file systems that the launch has mounted.
#include "launch/child/mount_parts.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace confinit {

bool make_directory(ChildContext& child, const MountOp& op) {
    const TargetParent parent = open_target_parent(child, op);
    if (!parent.directory) return false;
    const long result = child.call(SYS_mkdirat, parent.directory.get(), parent.name, op.mode);
    return result >= 0 || child.error == EEXIST;
}

bool make_symlink(ChildContext& child, const MountOp& op) {
    const TargetParent parent = open_target_parent(child, op);
    if (!parent.directory) return false;
    return child.call(SYS_symlinkat, op.source.c_str(), parent.directory.get(), parent.name) >= 0;
}

bool make_empty_file(ChildContext& child, const MountOp& op) {
    const TargetParent parent = open_target_parent(child, op);
    if (!parent.directory) return false;
    const ChildFd file{child.call(SYS_openat, parent.directory.get(), parent.name,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0)};
    return static_cast<bool>(file);
}

// A FUSE mount that lets nobody look in is taken for the directory that it nearly always is.
bool make_mount_point(ChildContext& child, const MountOp& op, int mount) {
    struct statx status{};
    constexpr int how = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    if (child.call(SYS_statx, mount, "", how, 0, &status) < 0) return false;
    child.object = LaunchReport::Object::target;
    if (status.stx_mode != 0 && !S_ISDIR(status.stx_mode))
        return make_empty_file(child, op) || child.error == EEXIST;
    const TargetParent parent = open_target_parent(child, op);
    if (!parent.directory) return false;
    const long made = child.call(SYS_mkdirat, parent.directory.get(), parent.name, 0755);
    return made >= 0 || child.error == EEXIST;
}

}  // namespace confinit
