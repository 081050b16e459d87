// SPDX-License-Identifier: Apache-2.0
// One launch in each way, from its start to the service's first instruction.
#pragma once

#include "launch/launcher/launcher_link.h"
#include "launch/plan/plan.h"
#include "supervisor/units/cgroup_tree.h"
#include "variants.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace confinit::bench {

using Nanoseconds = std::chrono::nanoseconds;

// Where nodes are made: in a tree of our own with its controllers, below a node of a tree that
// offers none, or nowhere.
struct Nodes {
    const CgroupTree* tree = nullptr;
    const Cgroup* parent = nullptr;

    const Cgroup* above() const { return tree != nullptr ? &tree->root() : parent; }
};

// A launcher that is asked by hand.
struct AskedLauncher {
    std::shared_ptr<LaunchSlots> slots;
    LauncherLink link;
};
AskedLauncher start_launcher(const Fd& program);

struct Times {
    Nanoseconds started;      // from the start to the service's first instruction
    Nanoseconds planned{0};   // of that: the plan
    Nanoseconds prepared{0};  // the node, and the descriptors
    Nanoseconds spawned{0};   // spawn()
};

// As the supervisor does it: the plan, the node, the pipes, and spawn(). What goes wrong ends the
// program.
Times launch_by_confinit(const Unit& unit, const LaunchContext& context, const Nodes& nodes);

// The same with the plan of an earlier launch; by a launcher, where there is one.
Times launch_again(const Unit& unit, LaunchPlan& kept, const Nodes& nodes,
                   AskedLauncher* launcher = nullptr);

// The same service by the C launcher, with the filter of the unit's plan.
Times launch_by_c(const Variant& variant, const Unit& unit, const LaunchContext& context,
                  const Nodes& nodes);

[[noreturn]] void give_up(const std::string& what);

}  // namespace confinit::bench
