// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, one node for each service.
#pragma once

#include "kernel/cgroup.h"
#include "launch/plan.h"
#include "unit/unit.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

class CgroupTree {
public:
    // Finds the node that we were started in, moves us (and whoever else is there) into its leaf
    // "init" and offers every controller to the nodes beside it. The order matters: a populated
    // node that offers controllers turns threaded or refuses (cgroup-v2.rst, "No Internal Process
    // Constraint").
    static Result<CgroupTree> set_up();

    // A fresh node "UNIT.service" with the settings written, before any process is in it. A node
    // of that name that is left over is killed and removed first; one that cannot be is refused.
    LaunchResult<Cgroup> make_node(std::string_view unit, const CgroupConfig& settings) const;

    // One file of a node, written and, where the kernel may not mean it, read back.
    static LaunchStatus write_setting(const Cgroup& node, const CgroupSetting& setting);

    Status remove_node(std::string_view unit) const;

    const Cgroup& root() const { return root_; }

private:
    explicit CgroupTree(Cgroup root) : root_(std::move(root)) {}

    Cgroup root_;
};

}  // namespace confinit
