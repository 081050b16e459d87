// SPDX-License-Identifier: Apache-2.0
// The first look goes to each path that a launch will go to, and tells nothing of it.
#include "launch/plan/first_look.h"

#include "base/look_note.h"
#include "launch/plan/mount_kinds.h"
#include "launch/plan/parts.h"

#include <string>
#include <string_view>

namespace confinit {
namespace {

// Whether the source of such an op is a path of the host.
bool has_host_source(const MountOp& op) {
    if (op.kind == MountOpKind::overlay_layer && op.mode == memory_layer) return false;
    return mount_kind_row(op.kind).has_host_source;
}

void look(const ServiceView& view, std::string_view key, const char* path) {
    if (path == nullptr) return;
    note_key(key);
    (void)view.find(path);
}

void look_at_preparations(const LaunchPlan& plan, const ServiceView& host) {
    for (std::size_t i = 0; i < plan->child.preparations.size(); ++i) {
        const Preparation& wanted = plan->child.preparations[i];
        const std::string_view key = plan->preparation_keys[i];
        if (wanted.kind == Preparation::Kind::image) look(host, key, wanted.path);
        if (wanted.kind == Preparation::Kind::directory)
            look(host, key, directory_path(wanted.base, wanted.path).c_str());
    }
}

}  // namespace

void take_first_look(const LaunchPlan& plan, const ServiceView& service) {
    const ServiceView host{"/"};
    look_at_preparations(plan, host);
    for (std::size_t i = 0; i < plan->child.mounts.size(); ++i) {
        const MountOp& op = plan->child.mounts[i];
        if (has_host_source(op)) look(host, plan->mount_keys[i], op.source);
    }
    look(host, "service.tty", plan->child.tty);
    look(service, "service.working_directory", plan->child.working_directory);
}

}  // namespace confinit
