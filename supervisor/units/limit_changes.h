// SPDX-License-Identifier: Apache-2.0
// LimitChanges: from the limits of one reading of a unit to those of another, in a node that lives.
#pragma once

#include "kernel/cgroup.h"
#include "unit/unit.h"

#include <span>
#include <string>
#include <vector>

namespace confinit {

struct LimitChanges {
    CgroupConfig settings;             // in the order in which they are written
    std::vector<std::string> lasting;  // keys that cannot be taken back before the next start
    CgroupConfig after;                // all limits of the later reading
};

// The settings to write: those of these keys in any case, since the node may hold something
// else; others where they differ, since one key can bring another file along (memory.max brings
// memory.oom.group); and the kernel's own value of what is not set any more.
LimitChanges limit_changes(const CgroupConfig& before, const CgroupConfig& after,
                           std::span<const std::string> keys);

// Why a setting would take from the processes of the node what they use now; empty where it would
// not: "cgroup.memory.max = 1M is less than is used now (memory.current 5.2M)".
std::string use_above(const Cgroup& node, const CgroupSetting& setting);

// Gives `own` the values that `after` has for the files of these changes, or takes them out of it.
void adopt_settings(CgroupConfig& own, const CgroupConfig& after, const CgroupConfig& changes);

// The same for what a unit declares: these keys and what is below them.
void adopt_keys(Unit& own, const Unit& after, std::span<const std::string> keys);

// One file of a node, with what it held before.
struct LimitWrite {
    CgroupSetting setting;
    std::string before;
};

// Writes all of them, or puts back what was there and tells why. For a worker: the kernel lets the
// writer of memory.max and memory.high wait while it reclaims.
Status write_limits(const Cgroup& node, const std::vector<LimitWrite>& writes);

// Puts back what was there, the last one first.
void restore_limits(const Cgroup& node, std::span<const LimitWrite> writes);

}  // namespace confinit
