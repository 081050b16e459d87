// SPDX-License-Identifier: Apache-2.0
// The preparer's part, before the child goes on: directories of the host, and a root image.
#pragma once

#include "launch/child/context.h"

namespace confinit {

// child/directories.cc
bool prepare_directory(ChildContext& child, const Preparation& wanted);

// child/image.cc: ChildContext::image becomes a detached mount of the image's file system.
bool mount_image(ChildContext& child, const Preparation& image);

// child_procfs.cc: ChildContext::procfs becomes a detached procfs of the pid namespace that the
// supervisor is in. A user namespace below has no rights over that, and can make none.
bool mount_procfs(ChildContext& child, const Preparation& procfs);

}  // namespace confinit
