// SPDX-License-Identifier: Apache-2.0
// PreparedLaunch: a launch of which all is ready but its processes, for whoever makes them.
#pragma once

#include "base/fd.h"
#include "kernel/clone.h"
#include "launch/launch_order.h"
#include "launch/plan/plan.h"
#include "launch/report_channel.h"
#include "launch/spawn/spawn.h"

#include <array>
#include <optional>

namespace confinit {

// The descriptors that are lent to the maker, but for the node and what the plan holds open.
struct LentDescriptors {
    Fd report;
    Fd exit;
    Fd prepared;
    Fd preparer;
    std::array<Fd, 3> streams;
    Fd ready;
};

struct PreparedLaunch {
    LaunchOrder order;
    LentDescriptors lent;
    Fd report_socket;  // the parent's ends, see Spawned
    Fd exit_socket;
    int node = -1;
    CloneMethod method = CloneMethod::clone3_into_node;

    // A process that was made outside of the node is moved into it by the parent.
    bool is_moved() const { return node >= 0 && method != CloneMethod::clone3_into_node; }
};

// The node and the plan outlive what is prepared.
Result<PreparedLaunch> prepare_launch(const LaunchPlan& plan, int node, Streams streams,
                                      CloneMethod method);

// The processes of a launch, once they are there. A preparer that could not be watched is a number
// alone.
struct MadeProcesses {
    Process first;
    Process preparer;                   // empty where the plan has no preparations
    std::optional<Error> failure = {};  // no preparer could be made, or it could not be watched
};

// The parent's own part, after which the child goes on, or is sent SIGKILL where that fails.
Spawned finish_launch(const LaunchPlan& plan, PreparedLaunch prepared, MadeProcesses made,
                      LastWordsPage last_words);

// Makes the processes, those that are not there yet, as copies of this one, and finishes the
// launch. It returns at once: the child's success or failure comes over the report socket, and the
// plan must live until that is known. Where there is no child, `made` keeps what there is.
Result<Spawned> spawn_prepared(const LaunchPlan& plan, PreparedLaunch prepared,
                               MadeProcesses& made);

// The failures of the clones, by the errno.
Error explain_child_clone(const LaunchPlan& plan, const PreparedLaunch& prepared, int error);
Error explain_preparer_clone(int error);

}  // namespace confinit
