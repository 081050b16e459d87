// SPDX-License-Identifier: Apache-2.0
// Services: what every run and every group borrows from the supervisor.
#pragma once

#include "cgroup_events.h"
#include "cgroup_tree.h"
#include "console.h"
#include "event_loop.h"
#include "launch/plan.h"
#include "launch/spawn.h"
#include "notify_sender.h"
#include "reaper.h"
#include "service_signals.h"
#include "worker.h"

namespace confinit {

// `tree` is null on a machine without cgroup v2.
struct Services {
    EventLoop& loop;
    Reaper& reaper;
    CgroupEvents& cgroup_events;
    NodeSignals& signals;
    const CgroupTree* tree;
    const LaunchContext& launch_context;
    CloneMethod clone_method;
    Console& console;
    Workers& workers;
    NotifyHub* notify_hub = nullptr;  // null where it could not be made
    bool told_of_pressure = false;    // that the kernel tells none
    std::string why_no_tree = {};     // where `tree` is null
};

}  // namespace confinit
