// SPDX-License-Identifier: Apache-2.0
// A launch by a copy of this process, all at once.
#pragma once

#include "launch/spawn/prepared_launch.h"

#include <expected>
#include <utility>

namespace confinit {

// The first process starts in `node` (a directory descriptor of a fresh cgroup, or -1 for none).
// When the parent's own part fails, the child has been sent SIGKILL and is left to the caller's
// reaping.
inline Result<Spawned> spawn(const LaunchPlan& plan, int node, Streams streams,
                             CloneMethod method = CloneMethod::clone3_into_node) {
    PreparedLaunch prepared = TRY(prepare_launch(plan, node, std::move(streams), method));
    MadeProcesses made;
    Spawned spawned = TRY(spawn_prepared(plan, std::move(prepared), made));
    if (spawned.failure) return std::unexpected(std::move(*spawned.failure));
    return spawned;
}

}  // namespace confinit
