// SPDX-License-Identifier: Apache-2.0
// Verify: the file systems that the ops of a plan have brought.
#include "launch/verify/mount_comparison.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <linux/mount.h>

namespace confinit {

// Which file is behind a loop device, its driver says.
Finding MountComparison::compare_image(std::string_view path) const {
    const Mount* root = service_.find_mount("/");
    if (root == nullptr) return {false, "no root is shown"};
    const auto file =
        read_file(AT_FDCWD, "/sys/dev/block/" + root->device + "/loop/backing_file", PATH_MAX + 1);
    if (!file) return {false, root->root + " of " + root->type + " " + root->device};
    const std::string backing{trim(*file)};
    if (backing != host_view_.resolve(path)) return {false, backing};
    if (!root->has_option("ro")) return {false, backing + " is writable"};
    return {true, backing + ", " + root->type};
}

// The kernel tells of the layers the numbers by which they were opened, and so no more than whether
// there is one to write to.
Finding MountComparison::compare_overlay(std::size_t index) const {
    Finding finding = compare_file_system(index, "overlay");
    if (!finding.same) return finding;
    const Mount* mount = mount_at(index);
    const bool is_read_only = (plan_->child.mounts[index].attributes & MOUNT_ATTR_RDONLY) != 0;
    const bool has_upper = std::ranges::any_of(mount->super_options, [](const std::string& option) {
        return option.starts_with("upperdir=");
    });
    if (has_upper == !is_read_only) return finding;
    return {false, finding.text + (has_upper ? " has an upper" : " has no upper")};
}

Finding MountComparison::compare_seal(std::size_t index) const {
    const Mount* mount = mount_at(index);
    const bool is_sealed = mount != nullptr && mount->has_option("ro");
    return {is_sealed,
            plan_->mount_targets[index].str() + (is_sealed ? " is read-only" : " is writable")};
}

// A mount on the root itself is the op's that has made it.
std::optional<Finding> MountComparison::compare_root(std::size_t index) const {
    const bool is_image = plan_->child.image_mount_point != nullptr;
    for (std::size_t i = 1; i < index; ++i) {
        const bool is_covered = plan_->mount_targets[i] == "/" &&
                                mount_kind_row(plan_->child.mounts[i].kind).brings_files;
        if (!is_covered) continue;
        if (plan_->child.root == nullptr && !is_image) return std::nullopt;
        return Finding{true, "covered by " + plan_->mount_keys[i].str()};
    }
    const Mount* root = service_.find_mount("/");
    if (plan_->child.root == nullptr)
        return compare_image(plan_->child.mounts[index].target.c_str());
    const auto wanted = host_object(plan_->child.root.c_str());
    if (root == nullptr || !wanted) return Finding{false, "no root is shown"};
    if (object_at(*root, "/") == *wanted) return Finding{true, plan_->child.root.c_str()};
    return Finding{false, root->root + " of " + root->type + " " + root->device};
}

Finding MountComparison::compare_file_system(std::size_t index, std::string_view type) const {
    const MountOp& op = plan_->child.mounts[index];
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = mount_at(index);
    if (mount == nullptr) return {false, "nothing is mounted at " + target};
    if (mount->type != type) return {false, mount->type + " at " + target};
    // Message queues are one file system for a whole ipc namespace, which may be the host's.
    const bool may_be_shared = op.kind == MountOpKind::mqueue;
    if (!may_be_shared && is_of_host(*mount)) return {false, "the host's own at " + target};
    const std::string missing = missing_attributes(op, *mount);
    if (!missing.empty()) return {false, mount->type + " at " + target + " without " + missing};
    const std::string_view options =
        op.kind == MountOpKind::proc && op.options != nullptr ? op.options.c_str() : "";
    for (const std::string_view option : split(options, ',')) {
        if (option.empty() || mount->has_super_option(option)) continue;
        return {false, "proc at " + target + " without " + std::string{option}};
    }
    return {true, mount->type + " at " + target};
}

Finding MountComparison::compare_bind(std::size_t index) const {
    const MountOp& op = plan_->child.mounts[index];
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = mount_at(index);
    if (mount == nullptr) return {false, "nothing is mounted at " + target};
    const auto wanted = host_object(op.source.c_str());
    if (!wanted || object_at(*mount, target) != *wanted) {
        return {false, mount->root + " of " + mount->type + " " + mount->device + " at " + target};
    }
    const std::string missing = missing_attributes(op, *mount);
    if (!missing.empty()) return {false, std::string{op.source} + " without " + missing};
    constexpr std::uint64_t walls = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
    if ((op.attributes & walls) != 0 && gets_later_mounts(*mount))
        return {false, target + arrivals};
    const bool is_writable = (op.attributes & MOUNT_ATTR_RDONLY) == 0;
    const bool lost_writing = op.kind == MountOpKind::bind && is_writable &&
                              deciding_op(target) == index && mount->has_option("ro") &&
                              !has_option_on_host(op.source.c_str(), "ro");
    if (lost_writing)
        return {true, std::string{op.source} + " at " + target + " is read-only", true};
    return {true, std::string{op.source} + " at " + target};
}

// All of cgroup v2 is one file system; what tells this mount from the host's is where it begins.
Finding MountComparison::compare_cgroup(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = mount_at(index);
    if (mount == nullptr) return {false, "nothing is mounted at " + target};
    std::string begin = "/" + plan_->unit.str() + ".service";
    if (plan_->mount_keys[index] == "cgroup.delegate")
        begin += std::string{"/"} + delegated_node_name;
    const bool is_own = mount->type == "cgroup2" && mount->root.ends_with(begin);
    const std::string missing = missing_attributes(plan_->child.mounts[index], *mount);
    if (is_own && !missing.empty()) return {false, "without " + missing + " at " + target};
    return {is_own, mount->root + " of " + mount->type + " at " + target};
}

}  // namespace confinit
