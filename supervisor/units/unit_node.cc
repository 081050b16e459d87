// SPDX-License-Identifier: Apache-2.0
// UnitNode: the cgroup node of a service or a group, below the nodes of the groups that it is in.
#include "supervisor/units/unit_node.h"

#include "base/text.h"
#include "kernel/kept_affinities.h"
#include "launch/early_hints.h"
#include "supervisor/machine/delegation.h"
#include "supervisor/machine/own_user.h"
#include "supervisor/units/leftovers.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace confinit {
namespace {

// No name of a cgroup interface file ends so, whatever the unit is called. (One does end in
// ".group": memory.oom.group.)
std::string node_name(const Unit& unit) {
    return fmt::format("{}.{}", unit.name, unit.service ? "service" : "slice");
}

// The kernel takes a partition that it cannot make, and says so only when it is asked.
Status check_partition(const Cgroup& node, const CgroupSetting& setting) {
    if (setting.file != "cpuset.cpus.partition") return {};
    const std::string text = TRY(node.read(setting.file));
    if (text == setting.value) return {};
    return std::unexpected(Error{.error = EINVAL, .hint = text});
}

std::string write_hint(const CgroupSetting& setting, int error) {
    const std::string value = fmt::format("the kernel was given '{}'", setting.value);
    switch (error) {
    case EINVAL:
        return value + " and does not take it for this file";
    case ERANGE:
        return beyond_range_hint(setting.value);
    case EBUSY:
        return value + " and has more than that in use";
    case ENOENT:
        return "this kernel has no such file";
    case EACCES:
    case EPERM:
        return "the file is not ours to write: is the tree delegated to us?";
    default:
        return value;
    }
}

Error setting_failure(const CgroupSetting& setting, const Cgroup& node, const Error& error) {
    return {.key = setting.key(),
            .object = node.path() + "/" + setting.file,
            .call = "write",
            .error = error.error,
            .hint = write_hint(setting, error.error)};
}

Error node_failure(std::string key, std::string object, std::string call, int error,
                   std::string hint) {
    return {.key = std::move(key),
            .object = std::move(object),
            .call = std::move(call),
            .error = error,
            .hint = std::move(hint)};
}

Status remove_left_over(const Cgroup& parent, const std::string& name) {
    const auto left_over = parent.open_child(name);
    if (!left_over) return {};
    (void)left_over->kill();
    (void)left_over->freeze(false);
    const auto removed = parent.remove_child(name);
    if (removed) return {};
    constexpr std::size_t most = 4;
    const std::string who = text_of(look_at(some_processes(*left_over, most)));
    return std::unexpected(node_failure(
        "", left_over->path(), "rmdir", removed.error().error,
        "the node of an earlier run still has processes" + (who.empty() ? "" : ": " + who)));
}

// A node of this name that is left over is killed and removed first.
Result<Cgroup> make_fresh_node(const Cgroup& parent, const std::string& name) {
    // Root without capabilities could write files of root's, and set itself and others free.
    const AsOwnUser owner;
    auto node = parent.make_child(name);
    if (!node && node.error().error == EEXIST) {
        TRY(remove_left_over(parent, name));
        node = parent.make_child(name);
    }
    if (node) return std::move(*node);
    return std::unexpected(node_failure("", parent.path() + "/" + name, "mkdir", node.error().error,
                                        "no cgroup node could be made"));
}

// The nodes that the new one is below, the nearest last.
std::vector<const Cgroup*> levels_of(const CgroupTree& tree, const GroupNodes& groups) {
    std::vector<const Cgroup*> levels{&tree.root()};
    for (const GroupNode& group : groups)
        levels.push_back(&group.node);
    return levels;
}

bool has(const Result<std::vector<std::string>>& names, std::string_view name) {
    return names && std::ranges::find(*names, name) != names->end();
}

// The controller is not in this level's cgroup.controllers: which level above does not pass it on?
Error lost_controller(const std::string& key, std::string_view controller, const CgroupTree& tree,
                      const Cgroup& level) {
    const Cgroup* below = &level;
    for (const Cgroup& node : tree.above()) {
        if (has(node.controllers(), controller)) {
            return node_failure(key, node.path(), "", 0,
                                fmt::format("the controller '{}' is lost here: '{}' is below and "
                                            "has it no more; enable it in cgroup.subtree_control",
                                            controller, below->path()));
        }
        below = &node;
    }
    const auto offered = below->controllers().value_or(std::vector<std::string>{});
    return node_failure(key, below->path(), "", 0,
                        fmt::format("the controller '{}' is not offered here: cgroup.controllers "
                                    "says '{}'",
                                    controller, join(offered, " ")));
}

// At the root of the machine the kernel lets processes be; anywhere else a node that has some would
// turn the nodes below it into threaded ones that nothing can run in.
bool has_own_processes(const Cgroup& node) {
    if (!node.read("cgroup.type")) return false;
    const auto processes = node.read("cgroup.procs");
    return !processes || !processes->empty();
}

Error busy_level(const std::string& key, std::string_view controller, const Cgroup& level) {
    const auto pids = level.process_ids();
    const std::string who = pids && !pids->empty() ? process_text(pids->front()) : "a process";
    return node_failure(key, level.path(), "", EBUSY,
                        fmt::format("the controller '{}' cannot be enabled below a node that has "
                                    "processes of its own, such as {}: move them into a node "
                                    "beside this one, or start confinit in a node that it is "
                                    "alone in",
                                    controller, who));
}

// A controller that is needed, and the key that needs it.
struct Need {
    std::string key;
    std::string controller;
};

// Nothing of the other nodes below this one changes.
Status enable_one(const Cgroup& level, const std::string& controller) {
    const AsOwnUser owner_of_new_files;
    const std::string word = "+" + controller;
    if (controller != "cpuset") return level.write("cgroup.subtree_control", word);
    const KeptAffinities affinities{level};
    auto done = level.write("cgroup.subtree_control", word);
    affinities.restore();
    return done;
}

// Offers these to the nodes below this one, which has no process of its own.
Status enable_at(const CgroupTree& tree, const Cgroup& level, const std::vector<Need>& needs) {
    const auto enabled = level.enabled_controllers();
    for (const auto& [key, controller] : needs) {
        if (has(enabled, controller)) continue;
        if (!has(level.controllers(), controller)) {
            return std::unexpected(lost_controller(key, controller, tree, level));
        }
        if (has_own_processes(level)) {
            return std::unexpected(busy_level(key, controller, level));
        }
        const auto done = enable_one(level, controller);
        if (done) continue;
        return std::unexpected(
            node_failure(key, level.path(), "write", done.error().error,
                         fmt::format("the controller '{}' could not be enabled for the nodes below",
                                     controller)));
    }
    return {};
}

// By each of the nodes above.
Status enable_above(const CgroupTree& tree, const GroupNodes& groups,
                    const std::vector<Need>& needs) {
    if (needs.empty()) return {};
    for (const Cgroup* level : levels_of(tree, groups))
        TRY(enable_at(tree, *level, needs));
    return {};
}

std::vector<Need> needs_of(const CgroupConfig& settings) {
    std::vector<Need> needs;
    for (const CgroupSetting& setting : settings) {
        const std::string_view controller = controller_of(setting.file);
        if (!controller.empty()) needs.push_back({setting.key(), std::string{controller}});
    }
    return needs;
}

// Those that a unit names, or all that the root has; of them in a threaded subtree those that can
// tell threads apart.
std::vector<Need> needs_of(const CgroupPlace& place, const CgroupTree& tree) {
    std::vector<std::string> names = place.delegated_controllers;
    if (names.empty()) names = tree.root().controllers().value_or(std::vector<std::string>{});
    std::vector<Need> needs;
    for (std::string& name : names) {
        const bool is_threaded = name == "cpu" || name == "cpuset" || name == "pids";
        if (is_threaded || !place.threaded) needs.push_back({"cgroup.delegate", std::move(name)});
    }
    return needs;
}

// The kernel refuses to make a cpuset empty again while processes are in it (ENOSPC). The same
// processors and memory nodes are then those of the level above.
std::string whole_cpuset(const Cgroup& parent, const std::string& file) {
    if (file != "cpuset.cpus" && file != "cpuset.mems") return {};
    return parent.read(file + ".effective").value_or("");
}

}  // namespace

std::string FreezeRequest::text(const std::string& name) const {
    return fmt::format("'{}' is frozen{}", name, place.empty() ? "" : " by " + place);
}

std::string FreezeRequest::way_out() const {
    if (!unit.empty()) return "svctl thaw " + unit;
    return fmt::format("echo 0 > {}/cgroup.freeze", place);
}

bool is_asked_to_freeze(const Cgroup& node) {
    const auto text = node.read("cgroup.freeze");
    return text && *text == "1";
}

Status write_setting(const Cgroup& node, const CgroupSetting& setting) {
    auto written = node.write(setting.file, setting.value);
    if (written) written = check_partition(node, setting);
    if (written) return {};
    return std::unexpected(setting_failure(setting, node, written.error()));
}

Result<UnitNode> UnitNode::make(const CgroupTree& tree, const Unit& unit, GroupNodes groups,
                                const CgroupConfig& settings) {
    TRY(enable_above(tree, groups, needs_of(settings)));
    const Cgroup& parent = groups.empty() ? tree.root() : groups.back().node;
    Cgroup fresh = TRY(make_fresh_node(parent, node_name(unit)));
    UnitNode made{tree, node_name(unit), std::move(groups), std::move(fresh)};
    if (!unit.service) {
        const AsOwnUser owner_of_new_files;
        (void)offer_base_controllers(made.node_);
    }
    for (const CgroupSetting& setting : settings) {
        auto written = write_setting(made.node_, setting);
        if (written) continue;
        (void)made.remove();
        return std::unexpected(std::move(written).error());
    }
    return made;
}

Status UnitNode::delegate(const CgroupPlace& place, NodeOwner owner) {
    const std::vector<Need> needs = needs_of(place, *tree_);
    TRY(enable_above(*tree_, groups_, needs));
    TRY(enable_at(*tree_, node_, needs));
    const AsOwnUser owner_of_new_files;
    auto subtree = node_.make_child(delegated_node_name);
    if (!subtree) {
        return std::unexpected(node_failure(
            "cgroup.delegate", node_.path() + "/" + delegated_node_name, "mkdir",
            subtree.error().error, "cgroup.max.descendants and cgroup.max.depth count this node"));
    }
    if (place.threaded) {
        const auto made = subtree->write("cgroup.type", "threaded");
        if (!made) {
            return std::unexpected(node_failure("cgroup.threaded", subtree->path() + "/cgroup.type",
                                                "write", made.error().error,
                                                "the subtree could not be made threaded"));
        }
    }
    if (const auto given = subtree->give_to(owner.uid, owner.gid); !given) {
        return std::unexpected(
            node_failure("cgroup.delegate", subtree->path(), "fchown", given.error().error, {}));
    }
    subtree_ = std::move(*subtree);
    return {};
}

Result<std::vector<LimitWrite>> UnitNode::plan_writes(const CgroupConfig& settings) const {
    TRY(enable_above(*tree_, groups_, needs_of(settings)));
    const Cgroup& parent = *levels_of(*tree_, groups_).back();
    std::vector<LimitWrite> writes;
    for (CgroupSetting setting : settings) {
        const auto present = node_.read(setting.file);
        if (present && shows_value(*present, normal_value(setting.file, setting.value))) continue;
        const std::string whole = whole_cpuset(parent, setting.file);
        if (trim(setting.value).empty() && !whole.empty()) setting.value = whole;
        const std::string before = present.value_or("");
        writes.push_back({std::move(setting), before.empty() ? whole : before});
    }
    return writes;
}

std::optional<FreezeRequest> UnitNode::freeze_request(const std::string& unit) const {
    if (is_asked_to_freeze(node_)) return FreezeRequest{"", unit};
    return freeze_request_above();
}

std::optional<FreezeRequest> UnitNode::freeze_request_above() const {
    for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
        if (is_asked_to_freeze(group->node)) {
            return FreezeRequest{fmt::format("group '{}'", group->unit), group->unit};
        }
    }
    for (const Cgroup& node : tree_->above()) {
        if (is_asked_to_freeze(node)) return FreezeRequest{node.path(), ""};
    }
    return std::nullopt;
}

Status UnitNode::remove() const {
    const Cgroup& parent = groups_.empty() ? tree_->root() : groups_.back().node;
    const auto removed = parent.remove_child(name_);
    if (!removed && removed.error().error == ENOENT) return {};
    return removed;
}

Result<GroupNodes> UnitNode::as_groups(const std::string& unit,
                                       const CgroupConfig& settings) const {
    GroupNodes all;
    for (const GroupNode& group : groups_) {
        all.push_back({group.unit, TRY(group.node.duplicate()), group.limits_memory});
    }
    const bool limits_memory = std::ranges::any_of(settings, [](const CgroupSetting& setting) {
        return setting.file == "memory.max" && setting.value != "max";
    });
    all.push_back({unit, TRY(node_.duplicate()), limits_memory});
    return all;
}

}  // namespace confinit
