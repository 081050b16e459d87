// SPDX-License-Identifier: Apache-2.0
// MountNamespace: all mounts of the namespace that a process is in.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/mount_table.h"

namespace confinit {

// The table as it is seen from the namespace's own root, for a descriptor of /proc/PID. What the
// process itself shows is no more than what lies in its root directory, which it may have changed
// by chroot(2), and so chosen.
//
// A copy of the caller joins the namespace for it; one that may not yields what the process shows.
Result<MountTable> read_mount_namespace(const Fd& process);

}  // namespace confinit
