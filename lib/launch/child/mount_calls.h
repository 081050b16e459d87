// SPDX-License-Identifier: Apache-2.0
// Mounting by descriptor for the child: paths resolved once, mounts made detached and then
// attached, so that nothing can be swapped under a path in between.
#pragma once

#include "launch/child/context.h"

#include <cstdint>

namespace confinit {

// openat2(2) for as long as it is only disturbed. `flags` and `resolve` are those of open_how.
ChildFd open_path(ChildContext& child, int directory, const char* path, std::uint64_t flags,
                  std::uint64_t resolve);

// An O_PATH descriptor of an op's target, with these further flags; symbolic links stay inside of
// the service's root.
ChildFd open_target(ChildContext& child, const MountOp& op, std::uint64_t flags = 0);

// The directory that will hold a target which an op makes, and the target's name in it.
struct TargetParent {
    ChildFd directory;
    const char* name;
};
TargetParent open_target_parent(ChildContext& child, const MountOp& op);

// A file of /proc, such as "self/oom_score_adj", that is certainly the kernel's: what else is
// mounted there could take what is written and do nothing with it, or do another thing.
ChildFd open_in_procfs(ChildContext& child, const char* path, std::uint64_t flags);

// A detached copy of the mount at a descriptor: open_tree(2).
ChildFd copy_mount(ChildContext& child, int fd, bool recursive);

// Sets and clears MOUNT_ATTR_* of a mount and all below it: mount_setattr(2). With what forbids to
// write or to execute nothing of the host's arrives there any more, unless the plan lets it in:
// a mount that comes later has the attributes that the host gives it.
bool change_attributes(ChildContext& child, int mount, std::uint64_t set, std::uint64_t clear);

// move_mount(2) of a detached mount onto what a descriptor refers to.
bool attach_mount(ChildContext& child, const ChildFd& mount, int target);

// A detached mount of a new file system: fsopen(2), fsconfig(2), fsmount(2). `options` is
// "name=value,name" or null, `mode` a value of the option of that name or null.
struct NewFileSystem {
    const char* type;
    const char* source = nullptr;  // what is mounted; else the type again
    const char* options = nullptr;
    const char* mode = nullptr;
    std::uint64_t attributes = 0;
};
ChildFd make_file_system(ChildContext& child, const NewFileSystem& wanted);

}  // namespace confinit
