// SPDX-License-Identifier: Apache-2.0
// Verify: reads a running service's confinement back from the kernel, item by item.
//
// A program may confine itself further than its unit does: root becomes a user, a process drops
// capabilities or groups, adds a filter, takes a stricter umask, nice or limit, or a namespace of
// its own that descends from the unit's. Such an item is `narrower`, and no fault. An item
// `differs` when the kernel may let the process do more than the unit says, and where more and less
// cannot be told apart: a cgroup value, a mount, a host name that is another one.
//
// A key that the unit does not declare is not compared, unless a declared one implies it.
//
// Two items the kernel shows to nobody but the process itself, securebits and the session keyring.
// They are `unseen`: they were in force at execve(2), or the service would not run. Left out is
// whether lo is up. A filter has an item for its presence, and one for each key which says that the
// loaded program denies what the key denies.
#pragma once

#include "base/name_table.h"
#include "base/result.h"
#include "kernel/cgroup.h"
#include "launch/plan/plan.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

// left_out: an optional key that the run does without, which no comparison finds.
enum class VerifyResult { same, narrower, differs, unseen, left_out };

// The words of the control interface.
inline constexpr auto verify_result_names = make_name_table<VerifyResult>({
    {VerifyResult::same, "same"},
    {VerifyResult::narrower, "narrower"},
    {VerifyResult::differs, "differs"},
    {VerifyResult::unseen, "unseen"},
    {VerifyResult::left_out, "left_out"},
});

struct VerifyItem {
    std::string key;       // "cgroup.memory.max"
    std::string declared;  // "64M"
    std::string in_force;  // "67108864", or why it could not be read
    VerifyResult result = VerifyResult::differs;

    bool differs() const { return result == VerifyResult::differs; }
};

// For a comparison that tells no more than whether the two are the same.
constexpr VerifyResult same_if(bool is_same) {
    return is_same ? VerifyResult::same : VerifyResult::differs;
}

// `main_process` is the service's main process in our pid namespace; `node` is absent (null) when
// the service has none. An item that cannot be read is an item that differs; a process that has
// ended yields that item alone. Only files of /proc and of the node are read, and links on local
// file systems of the host followed: nothing of it waits for the service or for a file system of
// its.
std::vector<VerifyItem> verify(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                               const Cgroup* node);

// The limits of a node that no process is in: a group's.
std::vector<VerifyItem> verify_limits(const Unit& unit, const CgroupConfig& settings,
                                      const Cgroup& node);

}  // namespace confinit
