// SPDX-License-Identifier: Apache-2.0
// Where this machine has cgroup v2.
#include "kernel/cgroup_mount.h"

#include "base/file.h"

namespace confinit {

// A hybrid machine has it below "unified".
Result<std::string> find_cgroup_mount() {
    for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        if (exists(std::string{path} + "/cgroup.controllers")) return path;
    }
    return failure(
        "no cgroup v2 at /sys/fs/cgroup: mount cgroup2 there, or start the container "
        "with a private, writable cgroup namespace");
}

}  // namespace confinit
