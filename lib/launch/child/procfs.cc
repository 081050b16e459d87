// SPDX-License-Identifier: Apache-2.0
// The preparer's procfs, for a service with a user namespace and the supervisor's pid namespace.
#include "launch/child/mount_calls.h"
#include "launch/child/preparation.h"

#include <linux/mount.h>

namespace confinit {

bool mount_procfs(ChildContext& child, const Preparation& procfs) {
    constexpr std::uint64_t data_only = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    child.procfs = make_file_system(
                       child, {.type = "proc", .options = procfs.options, .attributes = data_only})
                       .release();
    return child.procfs >= 0;
}

}  // namespace confinit
