// SPDX-License-Identifier: Apache-2.0
// MountBuilder: collects the mounts of a unit, and brings them into the order of their making.
#pragma once

#include "launch/plan/mount_order.h"
#include "launch/plan/parts.h"
#include "unit/protect_presets.h"

#include <linux/mount.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

inline constexpr std::uint64_t no_devices = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

// Collects the ops of a unit in the order of its keys; strings go to the plan at once.
class MountBuilder {
public:
    MountBuilder(const Unit& unit, const LaunchContext& context, PlanDraft& plan)
        : unit_(unit), context_(context), plan_(plan), view_(unit.mounts.root.value_or("/")) {
        if (unit.mounts.root_image) view_.hide_root();
    }

    // plan/mounts.cc
    void add_all();
    void finish();
    // plan/mount_places.cc
    Status resolve_and_sort();

private:
    PlannedOp& add(MountOpKind kind, std::string target, std::string key,
                   Turn turn = Turn::file_systems);
    void add_tmpfs(std::string target, std::string key, unsigned mode, std::uint64_t attributes,
                   std::optional<std::uint64_t> size = std::nullopt);
    void add_private_tmp();
    void add_private_dev();
    void add_message_queues(const std::string& key, std::uint64_t attributes);
    void add_proc();
    void add_binds();
    void add_directories();
    void add_overlays();
    void add_runtime_directory();
    void add_notify_directory();
    void add_cgroup_tree();
    void add_own_cgroup_tree(const std::string& path);
    bool keeps_cgroup_tree(std::string_view path) const;
    void seal_at_the_end();
    void add_attributes();
    void add_paths(MountOpKind kind, Turn turn, std::string_view key,
                   const std::vector<std::string>& paths);
    void add_mount_points();
    static bool is_at_own_name(const PlannedOp& planned);
    Lookup find_mount_point(const PlannedOp& planned) const;
    void find_place(PlannedOp& planned, const std::vector<PlannedOp>& before);
    void place_inside();
    void add_preset(const ProtectPreset& preset, const std::string& key);
    std::vector<std::string> matching(std::span<const std::string_view> paths) const;
    bool is_prepared(std::string_view path) const;
    bool is_there(const std::vector<PlannedOp>& before, const PlannedOp& planned) const;
    static Result<bool> is_behind_wall(const std::vector<PlannedOp>& before,
                                       const PlannedOp& planned);
    static Status refuse_cover_of_directory(const std::vector<PlannedOp>& before,
                                            const PlannedOp& planned);
    // A cover of the root itself lies on what the process holds already, and hides nothing from it.
    Status check_covers() const;
    static bool is_covered(const std::vector<PlannedOp>& before, const PlannedOp& planned);
    static Result<bool> widens_own_mount(const std::vector<PlannedOp>& before,
                                         const PlannedOp& planned);

    const Unit& unit_;
    const LaunchContext& context_;
    PlanDraft& plan_;
    ServiceView view_;
    std::vector<PlannedOp> ops_;
};

}  // namespace confinit
