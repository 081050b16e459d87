// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, and what others are made below.
#pragma once

#include "kernel/cgroup.h"

#include <string>
#include <utility>
#include <vector>

namespace confinit {

class CgroupTree {
public:
    // Finds the node that we were started in, moves us (and whoever else is there) into its leaf
    // "init" and offers every controller to the nodes beside it. The order matters: a populated
    // node that offers controllers turns threaded or refuses (cgroup-v2.rst, "No Internal Process
    // Constraint").
    static Result<CgroupTree> set_up();

    // The node that all others are made below.
    const Cgroup& root() const { return root_; }

    // The nodes above it, the nearest first, as far as we see them. Their limits hold for us too.
    const std::vector<Cgroup>& above() const { return above_; }

    // Where the tree is mounted: with the path of /proc/PID/cgroup behind it, the directory.
    const std::string& mount() const { return mount_; }

private:
    CgroupTree(Cgroup root, std::vector<Cgroup> above)
        : root_(std::move(root)), above_(std::move(above)) {}

    Cgroup root_;
    std::vector<Cgroup> above_;
    std::string mount_;
};

}  // namespace confinit
