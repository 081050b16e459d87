// SPDX-License-Identifier: Apache-2.0
// The directories of a service as preparations of its launch.
#include "launch/plan_parts.h"

#include "unit/directory_kinds.h"

#include <algorithm>

namespace confinit {
namespace {

std::optional<std::uint32_t> host_id(const NamespaceConfig& namespaces,
                                     const std::vector<IdMap>& maps, std::uint32_t id) {
    const bool has_maps = namespaces.user || joins_namespace(namespaces, NamespaceKind::user);
    return has_maps ? outside_id(maps, id) : std::optional{id};
}

}  // namespace

std::string directory_path(const Preparation& preparation) {
    return std::string{preparation.base} + "/" + preparation.path;
}

LaunchStatus apply_directories(const Unit& unit, LaunchPlan& plan) {
    const bool has_none = std::ranges::all_of(directory_kinds, [&](const DirectoryKind& kind) {
        return (unit.directories.*kind.list).empty();
    });
    if (has_none) return {};
    const ServiceView host{"/", FileSystems::local};
    const NamespaceConfig& namespaces = unit.namespaces;
    const auto uid = host_id(namespaces, namespaces.uid_map, plan.child.uid);
    const auto gid = host_id(namespaces, namespaces.gid_map, plan.child.gid);
    for (const DirectoryKind& kind : directory_kinds) {
        const auto& list = unit.directories.*kind.list;
        for (std::size_t i = 0; i < list.size(); ++i) {
            std::string key = std::string{kind.key} + "[" + std::to_string(i) + "]";
            if (!uid || !gid) {
                return std::unexpected(LaunchFailure{
                    .key = std::move(key),
                    .object = list[i].name,
                    .hint = "the service's user or group has no id outside of its namespace"});
            }
            Preparation directory{};
            directory.kind = Preparation::Kind::directory;
            directory.base = keep(plan, host.resolve(kind.base));
            directory.path = keep(plan, list[i].name);
            directory.mode = list[i].mode;
            directory.uid = *uid;
            directory.gid = *gid;
            directory.gives_over = unit.directories.chown_recursively;
            if (kind.ends_with_service) {
                plan.runtime_directories.push_back(directory_path(directory));
            }
            plan.preparations.push_back(directory);
            plan.preparation_keys.push_back(std::move(key));
        }
    }
    return {};
}

}  // namespace confinit
