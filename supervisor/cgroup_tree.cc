// SPDX-License-Identifier: Apache-2.0
// CgroupTree: our part of the cgroup v2 tree: a leaf for ourselves, one node for each service.
#include "cgroup_tree.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr const char* own_leaf = "init";

// No name of a cgroup interface file ends so, whatever the unit is called.
std::string node_name(std::string_view unit) {
    return fmt::format("{}.service", unit);
}

// The path of our own node, from the line "0::/path" of /proc/self/cgroup.
Result<std::string> own_node_path() {
    const std::string text = TRY(read_file(AT_FDCWD, "/proc/self/cgroup"));
    for (const std::string_view line : split(text, '\n')) {
        if (line.starts_with("0::")) return std::string{line.substr(3)};
    }
    return failure("/proc/self/cgroup has no line of cgroup v2");
}

// Where cgroup v2 is mounted: a hybrid machine has it below "unified".
Result<std::string> mount_point() {
    for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        if (access((std::string{path} + "/cgroup.controllers").c_str(), F_OK) == 0) return path;
    }
    return failure(
        "no cgroup v2 at /sys/fs/cgroup: mount cgroup2 there, or start the container "
        "with a private, writable cgroup namespace");
}

// Everybody in the node goes into the leaf. At the root of the machine kernel threads stay, which
// the kernel permits there alone.
Status move_processes(const Cgroup& from, const Cgroup& leaf) {
    TRY(leaf.write("cgroup.procs", "0"));
    for (const int pid : TRY(from.process_ids())) {
        const auto moved = leaf.write("cgroup.procs", std::to_string(pid));
        const bool may_stay = moved || moved.error().code == EINVAL || moved.error().code == ESRCH;
        if (!may_stay) return moved;
    }
    return {};
}

Status check_type(const Cgroup& node) {
    const auto type = node.read("cgroup.type");
    // The root of the machine has no such file.
    if (!type && type.error().code == ENOENT) return {};
    if (!type) return std::unexpected(type.error());
    if (*type != "domain") {
        return failure(fmt::format("{} is '{}', not 'domain'", node.path(), *type));
    }
    return {};
}

// Offers one controller to the nodes below; the error is kept for the unit that needs it.
Status offer(const Cgroup& node, std::string_view controller) {
    return node.write("cgroup.subtree_control", fmt::format("+{}", controller));
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

// A node of this name that is left over is killed and removed first.
LaunchResult<Cgroup> make_fresh_node(const Cgroup& root, const std::string& name) {
    if (const auto left_over = root.open_child(name)) {
        (void)left_over->kill();
        if (const auto removed = root.remove_child(name); !removed) {
            return std::unexpected(
                LaunchFailure{.key = "",
                              .object = left_over->path(),
                              .call = "rmdir",
                              .error = removed.error().code,
                              .hint = "the node of an earlier run still has processes"});
        }
    }
    auto node = root.make_child(name);
    if (node) return std::move(*node);
    return std::unexpected(LaunchFailure{.key = "",
                                         .object = root.path() + "/" + name,
                                         .call = "mkdir",
                                         .error = node.error().code,
                                         .hint = "no cgroup node could be made"});
}

LaunchFailure missing_controller(const CgroupSetting& setting, const Cgroup& root,
                                 std::string_view controller, std::string why, int error) {
    return {.key = setting.key(),
            .object = root.path(),
            .call = error == 0 ? "" : "write",
            .error = error,
            .hint = fmt::format("the controller '{}' {}", controller, why)};
}

// Every controller that the settings need, offered to the nodes below the root.
LaunchResult<void> enable_controllers(const Cgroup& root, const CgroupConfig& settings) {
    const auto offered = root.controllers().value_or(std::vector<std::string>{});
    const auto enabled = root.enabled_controllers().value_or(std::vector<std::string>{});
    for (const CgroupSetting& setting : settings) {
        const std::string_view controller = controller_of(setting.file);
        if (controller.empty() || std::ranges::find(enabled, controller) != enabled.end()) continue;
        if (std::ranges::find(offered, controller) == offered.end()) {
            return std::unexpected(
                missing_controller(setting, root, controller,
                                   fmt::format("is not offered here: cgroup.controllers says '{}'",
                                               join(offered, " ")),
                                   0));
        }
        if (const auto done = offer(root, controller); !done) {
            return std::unexpected(missing_controller(setting, root, controller,
                                                      "could not be enabled for the nodes below",
                                                      done.error().code));
        }
    }
    return {};
}

// An empty leaf of an earlier supervisor is made anew: a node that was killed once makes some
// kernels kill what is cloned from it.
Result<Cgroup> make_own_leaf(const Cgroup& root) {
    auto leaf = root.make_child(own_leaf);
    if (leaf || leaf.error().code != EEXIST) return leaf;
    (void)root.remove_child(own_leaf);
    leaf = root.make_child(own_leaf);
    if (!leaf && leaf.error().code == EEXIST) return root.open_child(own_leaf);
    return leaf;
}

}  // namespace

Result<CgroupTree> CgroupTree::set_up() {
    const std::string mount = TRY(mount_point());
    std::string path = TRY(own_node_path());
    // Started again by re-execution, or below a leaf that an earlier supervisor made.
    const std::string leaf_suffix = std::string{"/"} + own_leaf;
    if (path.ends_with(leaf_suffix)) path.resize(path.size() - leaf_suffix.size());
    if (path == "/") path.clear();

    CgroupTree tree{TRY(Cgroup::open(mount + path))};
    const Cgroup leaf = TRY(make_own_leaf(tree.root_));
    TRY(move_processes(tree.root_, leaf));
    TRY(check_type(tree.root_));
    // A controller that cannot be enabled is tried again, and told, for the unit that needs it.
    for (const std::string& controller : TRY(tree.root_.controllers())) {
        (void)offer(tree.root_, controller);
    }
    return tree;
}

LaunchResult<Cgroup> CgroupTree::make_node(std::string_view unit,
                                           const CgroupConfig& settings) const {
    if (auto enabled = enable_controllers(root_, settings); !enabled) {
        return std::unexpected(std::move(enabled).error());
    }
    auto node = make_fresh_node(root_, node_name(unit));
    if (!node) return node;
    for (const CgroupSetting& setting : settings) {
        auto written = write_setting(*node, setting);
        if (written) continue;
        (void)root_.remove_child(node_name(unit));
        return std::unexpected(std::move(written).error());
    }
    return node;
}

LaunchStatus CgroupTree::write_setting(const Cgroup& node, const CgroupSetting& setting) {
    auto written = node.write(setting.file, setting.value);
    if (written) written = check_partition(node, setting);
    if (written) return {};
    return std::unexpected(setting_failure(setting, node, written.error()));
}

Status CgroupTree::remove_node(std::string_view unit) const {
    const auto removed = root_.remove_child(node_name(unit));
    if (!removed && removed.error().code == ENOENT) return {};
    return removed;
}

}  // namespace confinit
