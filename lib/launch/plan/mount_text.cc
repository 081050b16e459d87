// SPDX-License-Identifier: Apache-2.0
// A mount of a plan in words.
#include "launch/plan/mount_text.h"

#include "base/text.h"

#include <array>
#include <linux/mount.h>
#include <utility>
#include <vector>

namespace confinit {
namespace {

std::string or_empty(const char* text) {
    return text != nullptr ? text : "";
}

std::string_view kind_text(MountOpKind kind) {
    switch (kind) {
    case MountOpKind::propagation:
        return "the whole tree a slave";
    case MountOpKind::bind:
    case MountOpKind::device_node:
        return "bind";
    case MountOpKind::tmpfs:
        return "tmpfs";
    case MountOpKind::proc:
        return "proc";
    case MountOpKind::devpts:
        return "devpts";
    case MountOpKind::mqueue:
        return "mqueue";
    case MountOpKind::cgroup:
        return "cgroup2";
    case MountOpKind::overlay_layer:
        return "layer";
    case MountOpKind::overlay:
        return "overlay";
    case MountOpKind::directory:
        return "directory";
    case MountOpKind::symlink:
        return "symlink";
    case MountOpKind::seal:
    case MountOpKind::read_only:
        return "read-only";
    case MountOpKind::read_write:
        return "as writable as on the host";
    case MountOpKind::inaccessible:
        return "inaccessible";
    case MountOpKind::no_exec:
        return "noexec";
    case MountOpKind::exec:
        return "as executable as on the host";
    case MountOpKind::change_root:
        return "pivot_root";
    case MountOpKind::change_propagation:
        return "the whole tree";
    }
    return "?";
}

// Whether the source is a path that goes to the target, rather than an option.
bool has_source_path(const MountOp& op) {
    return op.kind == MountOpKind::bind || op.kind == MountOpKind::device_node ||
           op.kind == MountOpKind::symlink ||
           (op.kind == MountOpKind::overlay_layer && op.mode != memory_layer);
}

std::string propagation_text(std::uint64_t flag) {
    if (flag == MS_PRIVATE) return "private";
    if (flag == MS_SHARED) return "shared";
    return flag == MS_UNBINDABLE ? "unbindable" : "slave";
}

std::vector<std::string> mount_options(const MountOp& op) {
    constexpr std::array<std::pair<std::uint64_t, std::string_view>, 4> names{
        {{MOUNT_ATTR_RDONLY, "ro"},
         {MOUNT_ATTR_NOSUID, "nosuid"},
         {MOUNT_ATTR_NODEV, "nodev"},
         {MOUNT_ATTR_NOEXEC, "noexec"}}};
    std::vector<std::string> options;
    if (op.kind == MountOpKind::change_propagation) return {propagation_text(op.attributes)};
    const bool has_options = op.kind == MountOpKind::tmpfs || op.kind == MountOpKind::overlay_layer;
    if (has_options && !has_source_path(op) && op.source != nullptr)
        options.push_back(or_empty(op.source));
    if (op.options != nullptr) {
        options.push_back((op.kind == MountOpKind::tmpfs ? "mode=" : "") + or_empty(op.options));
    }
    for (const auto& [attribute, name] : names) {
        if ((op.attributes & attribute) != 0) options.emplace_back(name);
    }
    if (op.may_be_absent) options.emplace_back("if it is there");
    return options;
}

}  // namespace

std::string mount_text(const MountOp& op) {
    std::string text{kind_text(op.kind)};
    const bool is_tree = op.kind == MountOpKind::propagation;
    if (has_source_path(op)) text += " " + or_empty(op.source);
    if (!is_tree && op.kind != MountOpKind::change_propagation) {
        text += (op.kind == MountOpKind::change_root || op.kind == MountOpKind::directory
                     ? " "
                     : (has_source_path(op) ? " at " : " ")) +
                or_empty(op.target);
    }
    const auto options = mount_options(op);
    return options.empty() ? text : text + " (" + join(options, ", ") + ")";
}

}  // namespace confinit
