// SPDX-License-Identifier: Apache-2.0
// Group: the node of a unit without [service] that has limits, while the unit is active.
#pragma once

#include "launch/plan/plan.h"
#include "supervisor/loop/cgroup_events.h"
#include "supervisor/units/freezer.h"
#include "supervisor/units/machinery.h"
#include "supervisor/units/unit_node.h"
#include "supervisor/units/unit_planning.h"

#include <memory>

namespace confinit {

class Group {
public:
    static Result<std::unique_ptr<Group>> start(const Planned& planned, Machinery& machinery,
                                                GroupNodes groups);
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    ~Group();

    // These limits of the unit, by these keys, are in force in the node from here on.
    void adopt_limits(const Unit& unit, const LimitChanges& changes,
                      const std::vector<std::string>& keys);

    // Everybody in the members too.
    void kill_all();
    void freeze(bool frozen, Freezer::Done done);

    // The request that keeps its members frozen, or absent.
    std::optional<FreezeRequest> freeze_request() const { return node_.freeze_request(unit_.name); }

    // Whether a request to freeze it is in force. The kernel is asked only if there was one.
    bool is_asked_to_freeze() const { return was_frozen_ && confinit::is_asked_to_freeze(node()); }

    // Whether the node is removed now; false asks for another try later.
    bool release();

    // The nodes that a member's node is made below.
    Result<GroupNodes> chain() const { return node_.as_groups(unit_.name, settings_); }

    const Unit& unit() const { return unit_; }
    const CgroupConfig& settings() const { return settings_; }
    const UnitNode& unit_node() const { return node_; }
    const Cgroup& node() const { return node_.node(); }

private:
    Group(Unit unit, Machinery& machinery, CgroupConfig settings, UnitNode node)
        : unit_(std::move(unit)),
          machinery_(machinery),
          settings_(std::move(settings)),
          node_(std::move(node)) {}

    Unit unit_;
    Machinery& machinery_;
    CgroupConfig settings_;
    UnitNode node_;
    Freezer freezer_;
    bool was_frozen_ = false;  // and not thawed since, as far as we have been asked
    int watch_ = -1;
};

}  // namespace confinit
