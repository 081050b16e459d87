// SPDX-License-Identifier: Apache-2.0
// Group: the node of a unit without [service] that has limits, while the unit is active.
#include "supervisor/units/group.h"

namespace confinit {

Result<std::unique_ptr<Group>> Group::start(const Planned& planned, Machinery& machinery,
                                            GroupNodes groups) {
    if (machinery.tree == nullptr) {
        return std::unexpected(
            Error{.key = "cgroup",
                  .object = "/sys/fs/cgroup",
                  .hint = machinery.why_no_tree + ", so that there can be no group"});
    }
    const auto& [unit, plan, settings] = planned;
    UnitNode node = TRY(UnitNode::make(*machinery.tree, unit, std::move(groups), settings));
    std::unique_ptr<Group> group{new Group(unit, machinery, settings, std::move(node))};
    // Without it a freeze is answered when the next request looks.
    Group* const self = group.get();
    const auto watch = machinery.cgroup_events.watch(
        group->node(), "cgroup.events", [self] { self->freezer_.check(self->node()); });
    group->watch_ = watch.value_or(-1);
    return group;
}

Group::~Group() {
    if (watch_ >= 0) machinery_.cgroup_events.forget(watch_);
}

void Group::adopt_limits(const Unit& unit, const LimitChanges& changes,
                         const std::vector<std::string>& keys) {
    adopt_settings(unit_.cgroup, unit.cgroup, changes.settings);
    adopt_keys(unit_, unit, keys);
    adopt_settings(settings_, changes.after, changes.settings);
}

void Group::kill_all() {
    (void)node().kill();
}

void Group::freeze(bool frozen, Freezer::Done done) {
    was_frozen_ = frozen;
    freezer_.begin(unit_.name, node_, frozen, std::move(done));
}

bool Group::release() {
    freezer_.end(failure("the group has ended"));
    return node_.remove().has_value();
}

}  // namespace confinit
