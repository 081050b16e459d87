// SPDX-License-Identifier: Apache-2.0
// Verify: the mounts that the service sees against the ops of its plan.
#include "launch/verify/mount_comparison.h"

#include <algorithm>
#include <array>
#include <linux/mount.h>
#include <set>

namespace confinit {
namespace {

struct AttributeName {
    std::uint64_t attribute;
    std::string_view option;
};

constexpr std::array attribute_names{
    AttributeName{MOUNT_ATTR_RDONLY, "ro"},
    AttributeName{MOUNT_ATTR_NOSUID, "nosuid"},
    AttributeName{MOUNT_ATTR_NODEV, "nodev"},
    AttributeName{MOUNT_ATTR_NOEXEC, "noexec"},
};

std::string propagation_text(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text.append(text.empty() ? "" : " ").append(word);
    return text.empty() ? "private" : text;
}

}  // namespace

// The mount whose mount point is the op's target.
const Mount* MountComparison::mount_at(std::size_t index) const {
    const Mount* mount = service_.find_mount(plan_->mount_targets[index]);
    const bool is_there = mount != nullptr && mount->target == plan_->mount_targets[index];
    return is_there ? mount : nullptr;
}

std::optional<MountedObject> MountComparison::host_object(std::string_view path) const {
    const std::string resolved = host_view_.resolve(path);
    const Mount* mount = host_.find_mount(resolved);
    if (mount == nullptr) return std::nullopt;
    return object_at(*mount, resolved);
}

bool MountComparison::has_option_on_host(std::string_view path, std::string_view option) const {
    const Mount* mount = host_.find_mount(host_view_.resolve(path));
    return mount != nullptr && mount->has_option(option);
}

bool MountComparison::is_of_host(const Mount& mount) const {
    return std::ranges::find(host_.mounts(), mount.device, &Mount::device) != host_.mounts().end();
}

// By a later op at the same path.
bool MountComparison::is_replaced(std::size_t index) const {
    for (std::size_t later = index + 1; later < plan_->child.mounts.size(); ++later) {
        if (!mount_kind_row(plan_->child.mounts[later].kind).brings_files) continue;
        if (plan_->mount_targets[later] == plan_->mount_targets[index]) return true;
    }
    return false;
}

// The op that has the last word on a path.
std::size_t MountComparison::deciding_op(std::string_view path) const {
    std::size_t last = plan_->child.mounts.size();
    for (std::size_t i = 0; i < plan_->child.mounts.size(); ++i) {
        const MountOpKind kind = plan_->child.mounts[i].kind;
        const bool decides = mount_kind_row(kind).brings_files || kind == MountOpKind::read_only ||
                             kind == MountOpKind::read_write;
        if (decides && is_within(path, plan_->mount_targets[i])) last = i;
    }
    return last;
}

std::string MountComparison::missing_attributes(const MountOp& op, const Mount& mount) const {
    std::string missing;
    for (const auto& [attribute, option] : attribute_names) {
        if ((op.attributes & attribute) == 0 || mount.has_option(option)) continue;
        missing.append(missing.empty() ? "" : " ").append(option);
    }
    return missing;
}

Finding MountComparison::compare_propagation() const {
    // Either table may have tens of thousands of mounts.
    std::set<std::string_view> groups_of_host;
    for (const Mount& mount : host_.mounts())
        groups_of_host.insert(mount.propagation.begin(), mount.propagation.end());
    for (const Mount& mount : service_.mounts()) {
        for (const std::string& peers : mount.propagation) {
            if (!peers.starts_with("shared:") || !groups_of_host.contains(peers)) continue;
            return {false, "what is mounted at " + mount.target + " reaches the host"};
        }
    }
    if (plan_->child.mounts.back().kind == MountOpKind::change_propagation) {
        return compare_own_propagation(plan_->child.mounts.back().attributes);
    }
    return {true, "no mount leaves it"};
}

// By the words of mountinfo; private is that there is none.
Finding MountComparison::compare_own_propagation(std::uint64_t wanted) const {
    const std::string_view word = wanted == MS_SHARED       ? "shared:"
                                  : wanted == MS_UNBINDABLE ? "unbindable"
                                                            : "";
    for (const Mount& mount : service_.mounts()) {
        const auto& in_force = mount.propagation;
        const bool is_so =
            word.empty() ? in_force.empty() : std::ranges::any_of(in_force, [&](const auto& text) {
                return text.starts_with(word);
            });
        if (!is_so) return {false, mount.target + " is " + propagation_text(in_force)};
    }
    return {true, wanted == MS_SHARED       ? "shared"
                  : wanted == MS_UNBINDABLE ? "unbindable"
                                            : "private"};
}

// Whether a later mount of the host's can arrive, which is no stricter than the host makes it.
bool MountComparison::gets_later_mounts(const Mount& mount) const {
    return !plan_->child.lets_mounts_in &&
           std::ranges::any_of(mount.propagation,
                               [](const std::string& word) { return word.starts_with("master:"); });
}

// Every mount below the path that no op with a longer path has decided about.
Finding MountComparison::compare_read_only(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const auto mounts = service_.mounts_within(target);
    if (mounts.empty()) return {false, "no mount is shown"};
    for (const Mount* mount : mounts) {
        const std::string& point = is_within(mount->target, target) ? mount->target : target;
        if (deciding_op(point) != index) continue;
        if (!mount->has_option("ro")) return {false, point + " is writable"};
        if (gets_later_mounts(*mount)) return {false, point + arrivals};
    }
    return {true, "read-only"};
}

// A mount that is read-only on the host stays so.
Finding MountComparison::compare_read_write(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = service_.find_mount(target);
    if (mount == nullptr) return {false, "no mount is shown"};
    if (deciding_op(target) != index) return {true, "a stricter key of the same path holds"};
    if (mount->has_option("rw")) return {true, "writable"};
    const std::string root = plan_->child.root != nullptr ? plan_->child.root.c_str() : "";
    if (has_option_on_host(root + target, "ro")) return {true, "read-only, as on the host"};
    return {true, "read-only", true};
}

// Of no_exec and exec, the op that has the last word: what else is mounted takes over theirs.
std::size_t MountComparison::op_deciding_execution(std::string_view path) const {
    std::size_t last = plan_->child.mounts.size();
    for (std::size_t i = 0; i < plan_->child.mounts.size(); ++i) {
        const MountOpKind kind = plan_->child.mounts[i].kind;
        const bool decides = kind == MountOpKind::no_exec || kind == MountOpKind::exec;
        if (decides && is_within(path, plan_->mount_targets[i])) last = i;
    }
    return last;
}

Finding MountComparison::compare_no_exec(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const auto mounts = service_.mounts_within(target);
    if (mounts.empty()) return {false, "no mount is shown"};
    for (const Mount* mount : mounts) {
        const std::string& point = is_within(mount->target, target) ? mount->target : target;
        if (op_deciding_execution(point) != index) continue;
        if (!mount->has_option("noexec")) return {false, point + " is executable"};
        if (gets_later_mounts(*mount)) return {false, point + arrivals};
    }
    return {true, "noexec"};
}

Finding MountComparison::compare_exec(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = service_.find_mount(target);
    if (mount == nullptr) return {false, "no mount is shown"};
    if (!mount->has_option("noexec")) return {true, "executable"};
    const std::string root = plan_->child.root != nullptr ? plan_->child.root.c_str() : "";
    if (has_option_on_host(root + target, "noexec")) return {true, "noexec, as on the host"};
    return {true, "noexec", true};
}

Finding MountComparison::compare_inaccessible(std::size_t index) const {
    const std::string target = plan_->mount_targets[index].str();
    const Mount* mount = mount_at(index);
    if (mount == nullptr) return {false, "nothing covers " + target};
    const bool is_empty_directory =
        mount->type == "tmpfs" && !is_of_host(*mount) && mount->has_super_option("mode=000");
    const bool is_empty_file =
        host_object(plan_->child.mounts[index].source.c_str()) == object_at(*mount, target);
    if (!is_empty_directory && !is_empty_file) return {false, mount->type + " at " + target};
    if (!mount->has_option("ro")) return {false, "covered, but writable"};
    if (gets_later_mounts(*mount)) return {false, target + arrivals};
    return {true, "covered"};
}

std::optional<Finding> MountComparison::compare(std::size_t index) const {
    const MountOpKind kind = plan_->child.mounts[index].kind;
    if (mount_kind_row(kind).brings_files && is_replaced(index)) {
        return Finding{true, "replaced by a later key at " + plan_->mount_targets[index].str()};
    }
    if (plan_->child.mounts[index].may_be_absent && mount_kind_row(kind).brings_files &&
        mount_at(index) == nullptr) {
        return Finding{true, "the image has no " + plan_->mount_targets[index].str()};
    }
    switch (kind) {
    case MountOpKind::propagation:
        return compare_propagation();
    case MountOpKind::bind:
    case MountOpKind::device_node:
        return compare_bind(index);
    case MountOpKind::tmpfs:
        return compare_file_system(index, "tmpfs");
    case MountOpKind::proc:
        return compare_file_system(index, "proc");
    case MountOpKind::devpts:
        return compare_file_system(index, "devpts");
    case MountOpKind::mqueue:
        return compare_file_system(index, "mqueue");
    case MountOpKind::overlay:
        return compare_overlay(index);
    case MountOpKind::seal:
        return compare_seal(index);
    case MountOpKind::cgroup:
        return compare_cgroup(index);
    case MountOpKind::read_only:
        return compare_read_only(index);
    case MountOpKind::read_write:
        return compare_read_write(index);
    case MountOpKind::no_exec:
        return compare_no_exec(index);
    case MountOpKind::exec:
        return compare_exec(index);
    case MountOpKind::inaccessible:
        return compare_inaccessible(index);
    case MountOpKind::change_root:
        return compare_root(index);
    case MountOpKind::change_propagation:  // compared with the first op, whose key it shares
    case MountOpKind::overlay_layer:
    case MountOpKind::directory:
    case MountOpKind::symlink:
        return std::nullopt;
    }
    return std::nullopt;
}

namespace {

// "mounts.read_only[1]" is one path of its list; a key without an index says all.
std::string declared_mount(const Unit& unit, const LaunchPlan& plan, std::size_t index) {
    const MountOp& op = plan->child.mounts[index];
    const std::string key = plan->mount_keys[index].str();
    if (op.kind == MountOpKind::propagation) {
        return declared_text(unit, "mounts.propagation", "slave");
    }
    if (key == operator_key || key == deputy_key) return declared_text(unit, key, "false");
    std::string text{op.target};
    const bool has_source = op.kind == MountOpKind::bind || op.kind == MountOpKind::device_node;
    if (has_source && op.source != nullptr) text.insert(0, std::string{op.source} + ":");
    return declared_text(unit, key, text);
}

// The key of the item: a mount namespace has one of its own, that of its links.
std::string item_key(const LaunchPlan& plan, std::size_t index) {
    const MountOpKind kind = plan->child.mounts[index].kind;
    if (kind == MountOpKind::propagation) return "mounts.propagation";
    if (kind == MountOpKind::proc) return "mounts.proc";
    return plan->mount_keys[index].str();
}

}  // namespace

void verify_mounts(const Unit& unit, const LaunchPlan& plan, const MountTable& service,
                   const MountTable& host, VerifyItems& items) {
    const MountComparison comparison{plan, service, host};
    VerifyItems found;
    for (std::size_t i = 0; i < plan->child.mounts.size(); ++i) {
        auto finding = comparison.compare(i);
        if (!finding) continue;
        const std::string key = item_key(plan, i);
        const auto item = std::ranges::find(found, key, &VerifyItem::key);
        if (item == found.end()) {
            found.push_back(
                {key, declared_mount(unit, plan, i), std::move(finding->text), finding->result()});
            continue;
        }
        // A key with several mounts shows the first that differs, or else one that is narrower.
        const bool is_worse = finding->result() == VerifyResult::differs ||
                              (item->result == VerifyResult::same && finding->is_narrower);
        if (item->differs() || !is_worse) continue;
        item->result = finding->result();
        item->in_force = std::move(finding->text);
    }
    std::ranges::move(found, std::back_inserter(items));
}

}  // namespace confinit
