// SPDX-License-Identifier: Apache-2.0
// The parts of the child's mounts that child/mounts.cc puts together.
#pragma once

#include "launch/child/mount_calls.h"

#include <cstddef>

struct stat;

namespace confinit {

// umount2(2)'s flag; <sys/mount.h> cannot be included beside <linux/mount.h>.
inline constexpr int umount_detach = 2;

bool get_status(ChildContext& child, int fd, struct stat& status);

// child/mount_sources.cc: the directory that the targets are resolved in, and whatever ops take
// from the host, opened or copied before anything is mounted.
bool open_root(ChildContext& child);
bool open_sources(ChildContext& child);

// child/mount_points.cc: what is made in a file system that an earlier op mounted.
bool make_directory(ChildContext& child, const MountOp& op);
bool make_symlink(ChildContext& child, const MountOp& op);
bool make_empty_file(ChildContext& child, const MountOp& op);
// A directory or a file, as what is to be mounted; it may be there already.
bool make_mount_point(ChildContext& child, const MountOp& op, int mount);

// child/mounts.cc: false for the root itself. A cover would lie on what the process holds already,
// and hide nothing from it.
bool is_below_root(ChildContext& child, int target);

// child/overlay.cc: of the layers right before it.
bool mount_overlay(ChildContext& child, std::size_t index);

}  // namespace confinit
