// SPDX-License-Identifier: Apache-2.0
// UnitNode: the cgroup node of a service or a group, below the nodes of the groups that it is in.
#include "unit_node.h"

#include "base/text.h"

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
    return std::unexpected(Error{.code = EINVAL, .what = text});
}

std::string write_hint(const CgroupSetting& setting, int error) {
    const std::string value = fmt::format("the kernel was given '{}'", setting.value);
    switch (error) {
    case EINVAL:
        return value + " and does not take it for this file";
    case ERANGE:
        return value + ", which is outside of the file's range";
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

LaunchFailure setting_failure(const CgroupSetting& setting, const Cgroup& node,
                              const Error& error) {
    return {.key = setting.key(),
            .object = node.path() + "/" + setting.file,
            .call = "write",
            .error = error.code,
            .hint = write_hint(setting, error.code)};
}

LaunchFailure node_failure(std::string key, std::string object, std::string call, int error,
                           std::string hint) {
    return {.key = std::move(key),
            .object = std::move(object),
            .call = std::move(call),
            .error = error,
            .hint = std::move(hint)};
}

// A node of this name that is left over is killed and removed first.
LaunchResult<Cgroup> make_fresh_node(const Cgroup& parent, const std::string& name) {
    if (const auto left_over = parent.open_child(name)) {
        (void)left_over->kill();
        if (const auto removed = parent.remove_child(name); !removed) {
            return std::unexpected(node_failure("", left_over->path(), "rmdir",
                                                removed.error().code,
                                                "the node of an earlier run still has processes"));
        }
    }
    auto node = parent.make_child(name);
    if (node) return std::move(*node);
    return std::unexpected(node_failure("", parent.path() + "/" + name, "mkdir", node.error().code,
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
LaunchFailure lost_controller(const CgroupSetting& setting, std::string_view controller,
                              const CgroupTree& tree, const Cgroup& level) {
    const Cgroup* below = &level;
    for (const Cgroup& node : tree.above()) {
        if (has(node.controllers(), controller)) {
            return node_failure(setting.key(), node.path(), "", 0,
                                fmt::format("the controller '{}' is lost here: '{}' is below and "
                                            "has it no more; enable it in cgroup.subtree_control",
                                            controller, below->path()));
        }
        below = &node;
    }
    const auto offered = below->controllers().value_or(std::vector<std::string>{});
    return node_failure(setting.key(), below->path(), "", 0,
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

// Every controller that the settings need, offered by each of the nodes above to those below it.
// None of these nodes has a process of its own.
LaunchResult<void> enable_controllers(const CgroupTree& tree, const GroupNodes& groups,
                                      const CgroupConfig& settings) {
    for (const Cgroup* level : levels_of(tree, groups)) {
        const auto offered = level->controllers();
        const auto enabled = level->enabled_controllers();
        for (const CgroupSetting& setting : settings) {
            const std::string_view controller = controller_of(setting.file);
            if (controller.empty() || has(enabled, controller)) continue;
            if (!has(offered, controller)) {
                return std::unexpected(lost_controller(setting, controller, tree, *level));
            }
            if (has_own_processes(*level)) {
                return std::unexpected(node_failure(
                    setting.key(), level->path(), "", EBUSY,
                    fmt::format("the controller '{}' cannot be enabled below a node that has "
                                "processes of its own: who has put them there?",
                                controller)));
            }
            const auto done =
                level->write("cgroup.subtree_control", fmt::format("+{}", controller));
            if (done) continue;
            return std::unexpected(node_failure(
                setting.key(), level->path(), "write", done.error().code,
                fmt::format("the controller '{}' could not be enabled for the nodes below",
                            controller)));
        }
    }
    return {};
}

// One file of a node, written and, where the kernel may not mean it, read back.
LaunchStatus write_setting(const Cgroup& node, const CgroupSetting& setting) {
    auto written = node.write(setting.file, setting.value);
    if (written) written = check_partition(node, setting);
    if (written) return {};
    return std::unexpected(setting_failure(setting, node, written.error()));
}

}  // namespace

LaunchResult<UnitNode> UnitNode::make(const CgroupTree& tree, const Unit& unit, GroupNodes groups,
                                      const CgroupConfig& settings) {
    TRY(enable_controllers(tree, groups, settings));
    const Cgroup& parent = groups.empty() ? tree.root() : groups.back().node;
    Cgroup fresh = TRY(make_fresh_node(parent, node_name(unit)));
    UnitNode made{tree, node_name(unit), std::move(groups), std::move(fresh)};
    for (const CgroupSetting& setting : settings) {
        auto written = write_setting(made.node_, setting);
        if (written) continue;
        (void)made.remove();
        return std::unexpected(std::move(written).error());
    }
    return made;
}

LaunchStatus UnitNode::change(const CgroupConfig& settings) const {
    TRY(enable_controllers(*tree_, groups_, settings));
    CgroupConfig before;
    LaunchStatus status;
    for (const CgroupSetting& setting : settings) {
        const auto present = node_.read(setting.file);
        if (present && shows_value(*present, normal_value(setting.file, setting.value))) continue;
        if (present) before.push_back({setting.file, *present});
        status = write_setting(node_, setting);
        if (!status) break;
    }
    if (status) return {};
    for (const CgroupSetting& setting : before) {
        for (const std::string_view line : split(setting.value, '\n'))
            (void)node_.write(setting.file, line);
    }
    return status;
}

Status UnitNode::remove() const {
    const Cgroup& parent = groups_.empty() ? tree_->root() : groups_.back().node;
    const auto removed = parent.remove_child(name_);
    if (!removed && removed.error().code == ENOENT) return {};
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
