// SPDX-License-Identifier: Apache-2.0
// MissingPaths: the paths that a launch would not find, by its plan.
#include "launch/plan/missing_paths.h"

#include "launch/early_hints.h"
#include "launch/owner_text.h"
#include "launch/plan/executable.h"
#include "launch/plan/parts.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace confinit {
namespace {

class PathNeeds {
public:
    explicit PathNeeds(const LaunchPlan& plan)
        : plan_(plan), host_{"/"}, service_(make_root_view(plan)) {
        service_.expect_launch();
    }

    std::vector<Error> unmet() {
        check_directories();
        for (std::size_t i = 0; i < plan_->child.mounts.size() && i < plan_->mount_targets.size();
             ++i) {
            check_mount(plan_->child.mounts[i], plan_->mount_keys[i].str());
            check_kinds(plan_->child.mounts[i], plan_->mount_keys[i].str());
            service_.add_mount(plan_->child.mounts[i].kind, plan_->child.mounts[i].source,
                               std::string{plan_->mount_targets[i]});
        }
        check_terminal();
        check_working_directory();
        check_program();
        return std::move(unmet_);
    }

private:
    // The ids of a user namespace of its own are given at the start.
    void check_directories() {
        for (std::size_t i = 0; i < plan_->child.preparations.size(); ++i) {
            const Preparation& wanted = plan_->child.preparations[i];
            if (wanted.kind != Preparation::Kind::directory) continue;
            const std::string path = directory_path(wanted.base, wanted.path);
            const Lookup found = host_.find(path);
            if (found.presence != Lookup::Presence::present) continue;
            const struct stat& status = found.status;
            if (found.path != path) {
                add(plan_->preparation_keys[i].str(), path, ELOOP, std::string{link_hint});
            } else if (!S_ISDIR(status.st_mode)) {
                add(plan_->preparation_keys[i].str(), path, 0, "it is there and no directory");
            } else if (!wanted.gives_over && plan_->uid_map.empty() &&
                       (status.st_uid != wanted.uid || status.st_gid != wanted.gid)) {
                add(plan_->preparation_keys[i].str(), path, 0,
                    "it is there and belongs to " + owner_text(status.st_uid, status.st_gid) +
                        ", and the unit wants a directory of " +
                        owner_text(wanted.uid, wanted.gid) +
                        "; directories.chown = \"recursive\" gives it over");
            }
        }
    }

    void check_mount(const MountOp& op, const std::string& key) {
        if (!key.starts_with("mounts.") || op.may_be_absent) return;
        const bool has_source = op.kind == MountOpKind::bind ||
                                (op.kind == MountOpKind::overlay_layer && op.mode != memory_layer);
        if (has_source && is_absent(host_, op.source.c_str())) {
            add(key, op.source.c_str(), ENOENT, "there is no such path on the host");
        }
        if (has_source) check_way(host_, key, op.source.c_str());
        if (!is_on_what_is_there(op)) return;
        const bool is_over_link = op.kind == MountOpKind::bind && op.place != nullptr;
        if (!is_over_link && is_absent(service_, op.target.c_str())) {
            add(key, op.target.c_str(), ENOENT, "there is no such path in the service's root");
        }
        check_way(service_, key, op.target.c_str());
    }

    // A mount, and the mount point that the launch finds.
    void check_kinds(const MountOp& op, const std::string& key) {
        const auto is_directory = brings_directory(op);
        if (op.kind == MountOpKind::overlay_layer && is_directory && !*is_directory) {
            add(key, op.source.c_str(), ENOTDIR, std::string{layer_hint}, "openat2");
        }
        if (!is_directory || !is_on_what_is_there(op)) return;
        Lookup found = service_.find(op.target.c_str());
        if (op.kind == MountOpKind::bind && found.presence == Lookup::Presence::absent) {
            found = service_.find_name(op.target.c_str());
        }
        if (found.presence != Lookup::Presence::present) return;
        if (S_ISDIR(found.status.st_mode) == *is_directory) return;
        add(key, op.target.c_str(), EINVAL, std::string{kinds_hint}, "move_mount");
    }

    // Absent where that is not known, or makes no difference.
    std::optional<bool> brings_directory(const MountOp& op) const {
        const bool is_layer = op.kind == MountOpKind::overlay_layer && op.mode != memory_layer;
        if (op.kind == MountOpKind::bind || is_layer) {
            const Lookup source = host_.find(op.source.c_str());
            if (source.presence != Lookup::Presence::present) return std::nullopt;
            return S_ISDIR(source.status.st_mode);
        }
        if (op.kind == MountOpKind::tmpfs || op.kind == MountOpKind::overlay) return true;
        return std::nullopt;
    }

    // A FUSE mount that lets nobody look in, or has lost its server, may be mounted on, but not be
    // walked through.
    void check_way(const ServiceView& view, const std::string& key, const std::string& path) {
        const Lookup found = view.find(path);
        const bool is_closed = found.error == EACCES;
        if (found.presence != Lookup::Presence::unknown || found.path == view.resolve(path)) return;
        if (!is_closed && found.error != ENOTCONN) return;
        add(key, path, found.error, std::string{is_closed ? closed_way_hint : dead_way_hint});
    }

    // Within a tmpfs of the launch the mount points are made.
    static bool is_on_what_is_there(const MountOp& op) {
        switch (op.kind) {
        case MountOpKind::bind:
        case MountOpKind::tmpfs:
        case MountOpKind::overlay:
        case MountOpKind::read_only:
        case MountOpKind::read_write:
        case MountOpKind::inaccessible:
        case MountOpKind::no_exec:
        case MountOpKind::exec:
            return op.inside == 0;
        case MountOpKind::propagation:
        case MountOpKind::proc:
        case MountOpKind::device_node:
        case MountOpKind::devpts:
        case MountOpKind::mqueue:
        case MountOpKind::cgroup:
        case MountOpKind::overlay_layer:
        case MountOpKind::directory:
        case MountOpKind::symlink:
        case MountOpKind::seal:
        case MountOpKind::change_root:
        case MountOpKind::change_propagation:
            return false;
        }
        return false;
    }

    // Which devices are terminals only an open could tell, which some of them take note of.
    void check_terminal() {
        const char* path = plan_->child.tty;
        if (path == nullptr) return;
        const Lookup found = host_.find(path);
        constexpr const char* key = "service.tty";
        if (found.presence == Lookup::Presence::absent) {
            add(key, path, ENOENT, std::string{no_terminal_hint}, "openat");
        } else if (found.presence == Lookup::Presence::present && S_ISREG(found.status.st_mode)) {
            add(key, path, ENOTTY, std::string{other_terminal_hint}, "ioctl");
        }
    }

    void check_working_directory() {
        const char* path = plan_->child.working_directory;
        if (path == nullptr) return;
        const Lookup found = service_.find(path);
        constexpr const char* key = "service.working_directory";
        if (found.presence == Lookup::Presence::present && !S_ISDIR(found.status.st_mode)) {
            add(key, path, ENOTDIR, "it is no directory");
        } else if (is_absent(service_, path)) {
            add(key, path, ENOENT, "there is no such directory in the service's root");
        } else if (const auto closed = find_closed_directory(plan_, service_, found.path + "/")) {
            const bool is_itself = *closed == found.path;
            add(key, path, EACCES, std::string{closed_directory_hint},
                is_itself ? "fchdir" : "openat2");
        }
    }

    // The paths of the program were told by the plan, as far as no mount covers them.
    void check_program() {
        auto fault = find_executable_fault(plan_, service_);
        if (!fault) fault = find_mount_fault(plan_, service_);
        if (!fault) fault = find_use_fault(plan_, service_);
        if (fault) unmet_.push_back(std::move(*fault));
    }

    bool is_absent(const ServiceView& view, const std::string& path) const {
        if (is_within(path, "/run") || is_prepared(path)) return false;
        return view.find(path).presence == Lookup::Presence::absent;
    }

    bool is_prepared(const std::string& path) const {
        return std::ranges::any_of(plan_->child.preparations, [&](const Preparation& directory) {
            return directory.kind == Preparation::Kind::directory &&
                   (is_within(path, directory_path(directory.base, directory.path)) ||
                    is_within(directory_path(directory.base, directory.path), path));
        });
    }

    void add(std::string key, std::string object, int error, std::string hint,
             std::string call = {}) {
        unmet_.push_back({.key = std::move(key),
                          .object = std::move(object),
                          .call = std::move(call),
                          .error = error,
                          .hint = std::move(hint)});
    }

    const LaunchPlan& plan_;
    ServiceView host_;
    ServiceView service_;
    std::vector<Error> unmet_;
};

}  // namespace

std::vector<Error> missing_paths(const LaunchPlan& plan) {
    return PathNeeds{plan}.unmet();
}

}  // namespace confinit
