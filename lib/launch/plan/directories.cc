// SPDX-License-Identifier: Apache-2.0
// The directories of a service as preparations of its launch.
#include "launch/plan/parts.h"

#include "unit/directory_kinds.h"

#include "base/look_note.h"
#include "kernel/mount_table.h"

#include <algorithm>

namespace confinit {
namespace {

// The owner of a directory as the host knows it.
struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

Result<Owner> owner_of(const Unit& unit, const UserDatabase& database,
                       const ServiceDirectory& directory, const ChildDraft& child,
                       const std::string& key) {
    Owner inside{child.uid, child.gid};
    if (directory.user) inside.uid = TRY(resolve_user_id(database, *directory.user, key));
    if (directory.group) inside.gid = TRY(resolve_group_id(database, *directory.group, key));
    const NamespaceConfig& namespaces = unit.namespaces;
    if (!namespaces.user && !joins_namespace(namespaces, NamespaceKind::user)) return inside;
    return Owner{TRY(place_outside(unit, MapKind::user, inside.uid, key)),
                 TRY(place_outside(unit, MapKind::group, inside.gid, key))};
}

// The supervisor's own places, without links.
struct OwnPlaces {
    std::string directory;             // its runtime directory
    std::vector<std::string> sockets;  // by which it is ruled, also outside of that
};

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

// The directory of the notify sockets is always in the runtime directory, also for a plan that is
// made where no supervisor is.
OwnPlaces own_places(const ServiceView& host, const LaunchContext& context) {
    OwnPlaces own;
    own.directory = host.resolve(context.runtime_directory.empty() ? parent_of(context.notify_root)
                                                                   : context.runtime_directory);
    for (const std::string& socket : context.operator_sockets) {
        const std::string directory = host.resolve(parent_of(socket));
        own.sockets.push_back((directory == "/" ? "" : directory) +
                              socket.substr(socket.rfind('/')));
    }
    return own;
}

Status refuse_place(const std::string& path, std::string hint, const std::string& key) {
    return std::unexpected(
        Error{.key = key, .object = path, .hint = std::move(hint) + "; take another name"});
}

// The service's user would own the supervisor's sockets, and a runtime directory is removed at the
// end. No link is followed below the base.
Status refuse_own(const std::string& path, const OwnPlaces& own, const std::string& key) {
    if (is_within(path, own.directory) || is_within(own.directory, path)) {
        return refuse_place(
            path, "it meets " + own.directory + ", the supervisor's own runtime directory", key);
    }
    for (const std::string& socket : own.sockets) {
        if (!is_within(socket, path)) continue;
        return refuse_place(path, "it holds " + socket + ", the supervisor's control socket", key);
    }
    return {};
}

}  // namespace

std::string directory_path(const char* base, const char* path) {
    return std::string{base} + "/" + path;
}

Status apply_directories(const Unit& unit, const LaunchContext& context,
                         const UserDatabase& database, PlanDraft& plan) {
    const bool has_none = std::ranges::all_of(directory_kinds, [&](const DirectoryKind& kind) {
        return (unit.directories.*kind.list).empty();
    });
    if (has_none) return {};
    const ServiceView host{"/"};
    const OwnPlaces own = own_places(host, context);
    for (const DirectoryKind& kind : directory_kinds) {
        const auto& list = unit.directories.*kind.list;
        for (std::size_t i = 0; i < list.size(); ++i) {
            std::string key = indexed(kind.key, i);
            note_key(key);
            if (unit.leaves_out(key)) continue;
            const Owner owner = TRY(owner_of(unit, database, list[i], plan.child, key));
            PreparationDraft directory{};
            directory.kind = Preparation::Kind::directory;
            directory.base = keep(plan, host.resolve(kind.base));
            directory.path = keep(plan, list[i].name);
            directory.mode = list[i].mode;
            directory.uid = owner.uid;
            directory.gid = owner.gid;
            directory.gives_over = unit.directories.chown_recursively;
            const std::string path = directory_path(directory.base, directory.path);
            TRY(refuse_own(path, own, key));
            if (kind.ends_with_service) plan.runtime_directories.push_back(path);
            plan.child.preparations.push_back(directory);
            plan.preparation_keys.push_back(std::move(key));
        }
    }
    return {};
}

}  // namespace confinit
