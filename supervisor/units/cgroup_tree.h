// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, and what others are made below.
#pragma once

#include "kernel/cgroup.h"
#include "supervisor/machine/machine.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace confinit {

// Offers cpu, memory and pids to the nodes below this one, before there are any: enabled later they
// would change how those share the processors, and begin to count in the middle. All others are
// enabled for the first unit that needs them, since each costs memory and time with every node. One
// that cannot be enabled is tried again, and told, for the unit that needs it.
Status offer_base_controllers(const Cgroup& node);

class CgroupTree {
public:
    // Finds the node that we were started in, moves us into its leaf "init" and offers the base
    // controllers to the nodes beside it. The order matters: a populated node that offers
    // controllers turns threaded or refuses (cgroup-v2.rst, "No Internal Process Constraint").
    //
    // PID 1 takes whoever else is there with it. An ordinary process takes only itself, and only a
    // node that is delegated to it, or the one that is `wanted`, by its directory.
    static Result<CgroupTree> set_up(Mode mode, const std::string& wanted);

    // Leaves the tree as an ordinary process has found it: the controllers that it has enabled are
    // disabled, it is where it came from, and its leaf is gone. For PID 1 it does nothing.
    Status give_back();

    // The node that all others are made below.
    const Cgroup& root() const { return root_; }

    // The nodes above it, the nearest first, as far as we see them. Their limits hold for us too.
    const std::vector<Cgroup>& above() const { return above_; }

    // Where the tree is mounted: with the path of /proc/PID/cgroup behind it, the directory.
    const std::string& mount() const { return mount_; }

private:
    CgroupTree(Cgroup root, std::vector<Cgroup> above)
        : root_(std::move(root)), above_(std::move(above)) {}

    // The changes that an ordinary process undoes at its end.
    struct Loan {
        Cgroup origin;                         // the node that we were started in
        std::vector<std::string> controllers;  // that were enabled before
        bool is_given = false;                 // its files belong to own_user
    };

    static Result<CgroupTree> open(const std::string& mount, const std::string& path);
    static Result<CgroupTree> borrow(const std::string& mount, const std::string& wanted);

    Cgroup root_;
    std::vector<Cgroup> above_;
    std::string mount_;
    std::optional<Loan> loan_;
};

}  // namespace confinit
