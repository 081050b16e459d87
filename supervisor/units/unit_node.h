// SPDX-License-Identifier: Apache-2.0
// UnitNode: the cgroup node of a service or a group, below the nodes of the groups that it is in.
#pragma once

#include "launch/plan/plan.h"
#include "supervisor/units/cgroup_tree.h"
#include "supervisor/units/limit_changes.h"
#include "unit/unit.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

// The node of an active group.
struct GroupNode {
    std::string unit;
    Cgroup node;
    bool limits_memory = false;  // its memory.max is declared
};

using GroupNodes = std::vector<GroupNode>;  // the outermost first

// A request that keeps the processes of a node frozen.
struct FreezeRequest {
    std::string place;  // "group 'web'", or a node above all units; empty: the node's own
    std::string unit;   // that `svctl thaw` takes; empty where no unit does

    // "'db' is frozen by group 'web'".
    std::string text(const std::string& name) const;
    // The command that ends it.
    std::string way_out() const;
};

// Whether somebody has asked to freeze this node itself.
bool is_asked_to_freeze(const Cgroup& node);

// The owner of a delegated subtree.
struct NodeOwner {
    unsigned uid = 0;
    unsigned gid = 0;
};

class UnitNode {
public:
    // A fresh node with the settings written, before any process is in it. The controllers that
    // they need are enabled level by level from the root on. A node of that name that is left over
    // is killed and removed first; one that cannot be is refused.
    static Result<UnitNode> make(const CgroupTree& tree, const Unit& unit, GroupNodes groups,
                                 const CgroupConfig& settings);

    // Makes the subtree that the service may do with as it likes, below the node with the limits.
    Status delegate(const CgroupPlace& place, NodeOwner owner);

    // Where the first process goes.
    const Cgroup& entrance() const { return subtree_ ? *subtree_ : node_; }

    // The writes that are needed, since the node holds something else; their controllers are
    // enabled level by level.
    Result<std::vector<LimitWrite>> plan_writes(const CgroupConfig& settings) const;

    // The request that keeps this node of the unit frozen, or absent.
    std::optional<FreezeRequest> freeze_request(const std::string& unit) const;
    // The nearest group, or node above all units, that keeps it frozen.
    std::optional<FreezeRequest> freeze_request_above() const;

    // With everything below it: EBUSY while processes live in there.
    Status remove() const;

    const Cgroup& node() const { return node_; }
    const GroupNodes& groups() const { return groups_; }

    // For the members of this group: the groups that it is in, and itself.
    Result<GroupNodes> as_groups(const std::string& unit, const CgroupConfig& settings) const;

private:
    UnitNode(const CgroupTree& tree, std::string name, GroupNodes groups, Cgroup node)
        : tree_(&tree),
          name_(std::move(name)),
          groups_(std::move(groups)),
          node_(std::move(node)) {}

    const CgroupTree* tree_;
    std::string name_;
    GroupNodes groups_;
    Cgroup node_;
    std::optional<Cgroup> subtree_;
};

// One file of a node, written and, where the kernel may not mean it, read back.
Status write_setting(const Cgroup& node, const CgroupSetting& setting);

}  // namespace confinit
