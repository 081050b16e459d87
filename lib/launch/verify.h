// SPDX-License-Identifier: Apache-2.0
// Verify: reads a running service's confinement back from the kernel, item by item.
//
// "Same" means: not less confined than declared. A program may give up more by itself (drop
// capabilities, add a filter, lower a limit, keep to fewer CPUs, and its soft limits move freely
// below the hard ones); the text then shows what is in force. An id, a namespace, a cgroup value, a
// mount, umask, nice or oom_score_adj that is another one than declared differs.
//
// What the kernel shows to nobody but the process itself (securebits, the session keyring) is an
// item that is not `seen`: it was in force at execve(2), or the service would not run. Left out is
// whether lo is up. Of a filter its presence is an item, and that what was loaded denies what each
// key says.
#pragma once

#include "base/result.h"
#include "kernel/cgroup.h"
#include "launch/plan.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct VerifyItem {
    std::string key;       // "cgroup.memory.max"
    std::string declared;  // "64M"
    std::string in_force;  // "67108864", or why it could not be read
    bool same = false;
    bool seen = true;  // false: the kernel shows it to the process alone, and `same` is no finding
};

// `main_process` is the service's main process in our pid namespace; `node` is absent (null) when
// the service has none. An item that cannot be read is an item that differs. Only files of /proc
// and of the node are read, and links on local file systems of the host followed: nothing of it
// waits for the service or for a file system of its.
std::vector<VerifyItem> verify(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                               const Cgroup* node);

// The limits of a node that no process is in: a group's.
std::vector<VerifyItem> verify_limits(const Unit& unit, const CgroupConfig& settings,
                                      const Cgroup& node);

}  // namespace confinit
