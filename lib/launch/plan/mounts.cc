// SPDX-License-Identifier: Apache-2.0
// The mounts of a service: what its keys ask for, in the order of the keys and then of the making.
#include "launch/plan/mount_builder.h"
#include "launch/plan/witnesses.h"
#include "unit/checks.h"

#include "base/file.h"
#include "base/look_note.h"

#include <algorithm>
#include <fcntl.h>
#include <linux/mount.h>

namespace confinit {
namespace {

// The tree becomes this at last; it is a slave from the first op on.
std::uint64_t propagation_flag(Propagation propagation) {
    switch (propagation) {
    case Propagation::slave:
        return 0;
    case Propagation::private_tree:
        return MS_PRIVATE;
    case Propagation::shared:
        return MS_SHARED;
    case Propagation::unbindable:
        return MS_UNBINDABLE;
    }
    return 0;
}

}  // namespace

PlannedOp& MountBuilder::add(MountOpKind kind, std::string target, std::string key, Turn turn) {
    note_key(key);
    PlannedOp& planned = ops_.emplace_back();
    planned.op.kind = kind;
    planned.op.target = keep(plan_, target);
    planned.target = std::move(target);
    planned.key = std::move(key);
    planned.turn = turn;
    return planned;
}

void MountBuilder::add_paths(MountOpKind kind, Turn turn, std::string_view key,
                             const std::vector<std::string>& paths) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (unit_.leaves_out(indexed(key, i))) continue;
        MountDraft& op = add(kind, paths[i], indexed(key, i), turn).op;
        op.recursive = true;
        if (kind == MountOpKind::inaccessible) op.source = keep(plan_, context_.inaccessible_file);
    }
}

void MountBuilder::add_attributes() {
    const MountConfig& mounts = unit_.mounts;
    add_paths(MountOpKind::read_only, Turn::read_only, "mounts.read_only", mounts.read_only);
    add_paths(MountOpKind::read_write, Turn::read_write, "mounts.read_write", mounts.read_write);
    add_paths(MountOpKind::no_exec, Turn::no_exec, "mounts.no_exec", mounts.no_exec);
    add_paths(MountOpKind::exec, Turn::exec, "mounts.exec", mounts.exec);
    add_paths(MountOpKind::inaccessible, Turn::inaccessible, "mounts.inaccessible",
              mounts.inaccessible);
}

// "/dev/rtc*" is each name in its directory that begins so.
std::vector<std::string> MountBuilder::matching(std::span<const std::string_view> paths) const {
    std::vector<std::string> matches;
    for (const std::string_view path : paths) {
        if (!path.ends_with('*')) {
            matches.emplace_back(path);
            continue;
        }
        const std::size_t slash = path.rfind('/');
        const std::string_view prefix = path.substr(slash + 1, path.size() - slash - 2);
        const std::string host = view_.find(path.substr(0, slash)).host_path;
        if (!host.empty()) witness_content(host);
        const auto names =
            host.empty() ? Result<std::vector<std::string>>{} : list_directory(AT_FDCWD, host);
        if (!names) continue;
        for (const std::string& name : *names) {
            if (name.starts_with(prefix))
                matches.push_back(std::string{path.substr(0, slash + 1)} + name);
        }
    }
    return matches;
}

void MountBuilder::add_preset(const ProtectPreset& preset, const std::string& key) {
    const std::size_t first = ops_.size();
    const auto add_each = [&](MountOpKind kind, Turn turn,
                              std::span<const std::string_view> paths) {
        for (std::string& path : matching(paths)) {
            MountDraft& op = add(kind, std::move(path), key, turn).op;
            op.recursive = true;
            op.may_be_absent = unit_.mounts.root_image.has_value();
            if (kind == MountOpKind::inaccessible) {
                op.source = keep(plan_, context_.inaccessible_file);
            }
        }
    };
    add_each(MountOpKind::read_only, Turn::read_only, preset.read_only);
    add_each(MountOpKind::read_write, Turn::read_write, preset.read_write);
    add_each(MountOpKind::inaccessible, Turn::inaccessible, preset.inaccessible);
    for (const std::string_view path : preset.tmpfs) {
        add_tmpfs(std::string{path}, key, 0755, no_devices | MOUNT_ATTR_RDONLY);
    }
    for (std::size_t i = first; i < ops_.size(); ++i)
        ops_[i].is_preset = true;
}

void MountBuilder::add_all() {
    const MountConfig& mounts = unit_.mounts;
    add_runtime_directory();
    if (mounts.private_tmp) add_private_tmp();
    if (mounts.private_dev) add_private_dev();
    add_proc();
    for (std::size_t i = 0; i < mounts.tmpfs.size(); ++i) {
        const TmpfsMount& tmpfs = mounts.tmpfs[i];
        std::string key = indexed("mounts.tmpfs", i);
        if (unit_.leaves_out(key)) continue;
        add_tmpfs(tmpfs.target, std::move(key), tmpfs.mode, no_devices, tmpfs.size);
    }
    add_binds();
    add_overlays();
    add_directories();
    add_notify_directory();
    add_cgroup_tree();
    add_attributes();
    for (std::size_t i = 0; i < mounts.protect.size(); ++i) {
        const std::string key = indexed("mounts.protect", i);
        if (!unit_.leaves_out(key)) add_preset(*mounts.protect[i], key);
    }
}

void MountBuilder::finish() {
    const auto append = [this](const MountDraft& op, std::string key, std::string target) {
        plan_.child.mounts.push_back(op);
        plan_.mount_keys.push_back(std::move(key));
        plan_.mount_targets.push_back(std::move(target));
    };
    MountDraft propagation{};
    propagation.kind = MountOpKind::propagation;
    propagation.target = "/";
    propagation.recursive = true;
    append(propagation, "namespaces.mount", "/");
    const PlannedOp* on_root = find_mount_on_root(ops_);
    std::string root_key = on_root != nullptr ? on_root->key : "";
    for (PlannedOp& planned : ops_) {
        append(planned.op, std::move(planned.key), std::move(planned.target));
    }
    MountDraft change_root{};
    change_root.kind = MountOpKind::change_root;
    change_root.target = "/";
    if (unit_.mounts.root_image) {
        root_key = "mounts.root_image";
        change_root.target = keep(plan_, *unit_.mounts.root_image);
    } else if (unit_.mounts.root) {
        root_key = "mounts.root";
        change_root.target = plan_.child.root = keep(plan_, *unit_.mounts.root);
    }
    if (!root_key.empty()) append(change_root, std::move(root_key), "/");
    plan_.child.lets_mounts_in = unit_.mounts.propagation == Propagation::slave;
    MountDraft change{};
    change.kind = MountOpKind::change_propagation;
    change.target = "/";
    change.attributes = propagation_flag(unit_.mounts.propagation.value_or(Propagation::slave));
    if (change.attributes != 0) append(change, "mounts.propagation", "/");
}

namespace {

void add_image(const std::string& path, const LaunchContext& context, PlanDraft& plan) {
    const std::string& beside = context.inaccessible_file;
    plan.child.image_mount_point = keep(plan, beside.substr(0, beside.rfind('/')) + "/image");
    PreparationDraft image{};
    image.kind = Preparation::Kind::image;
    image.path = keep(plan, path);
    plan.child.preparations.push_back(image);
    plan.preparation_keys.emplace_back("mounts.root_image");
}

// The copy of the host's tree that the launch makes would lie where all of its paths begin.
Status refuse_host_root(const std::string& path) {
    if (ServiceView{"/"}.resolve(path) != "/") return {};
    return std::unexpected(
        Error{.key = "mounts.root", .object = path, .hint = "it " + std::string{host_root_fault}});
}

}  // namespace

Status apply_mounts(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    MountConfig changes = unit.mounts;
    if (changes.proc == ProcView::inherited) changes.proc.reset();
    if (!unit.namespaces.mount && changes.is_empty()) return {};
    if (!unit.namespaces.mount) {
        return std::unexpected(
            Error{.key = "mounts",
                  .object = unit.name,
                  .hint = "they would be the host's as well; say namespaces.mount = true"});
    }
    if (unit.mounts.root_image) add_image(*unit.mounts.root_image, context, plan);
    note_key("mounts.root");
    if (unit.mounts.root) TRY(refuse_host_root(*unit.mounts.root));
    MountBuilder builder{unit, context, plan};
    builder.add_all();
    TRY(builder.resolve_and_sort());
    builder.finish();
    return {};
}

}  // namespace confinit
