// SPDX-License-Identifier: Apache-2.0
// Machinery: what every run and every group borrows from the supervisor.
#pragma once

#include "launch/plan/plan.h"
#include "launch/spawn/spawn.h"
#include "supervisor/helpers/planner.h"
#include "supervisor/helpers/worker.h"
#include "supervisor/loop/cgroup_events.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/machine/console.h"
#include "supervisor/units/cgroup_tree.h"
#include "supervisor/units/directory_claims.h"
#include "supervisor/units/notify_sender.h"
#include "supervisor/units/own_output.h"
#include "supervisor/units/service_signals.h"
#include "unit/unit.h"

#include <set>
#include <string>

namespace confinit {

class Launch;
class Launcher;

// `tree` is null on a machine without cgroup v2.
struct Machinery {
    EventLoop& loop;
    Reaper& reaper;
    CgroupEvents& cgroup_events;
    NodeSignals& signals;
    const CgroupTree* tree;
    const LaunchContext& launch_context;
    CloneMethod clone_method;
    Console& console;
    Workers& workers;
    Planner& planner;
    Launcher& launcher;
    DirectoryClaims* directory_claims;
    NotifyHub* notify_hub = nullptr;  // null where it could not be made
    // Those whose main process is not known yet.
    std::set<Launch*> launches_under_way = {};
    bool told_of_pressure = false;  // that the kernel tells none
    std::string why_no_tree = {};   // where `tree` is null
    std::string boot_unit = {};     // a service that boot starts by its name is essential
    // Where lines of units go on to, each in its unit's form or in this one; null: nowhere.
    OwnOutput* output = nullptr;
    OwnOutput* error_output = nullptr;
    LogForm log_form = LogForm::none;
};

}  // namespace confinit
