// SPDX-License-Identifier: Apache-2.0
// Identity: names to ids, the group list, and the maps of a user namespace.
#include "launch/plan/parts.h"
#include "launch/plan/witnesses.h"

#include "base/file.h"
#include "base/look_note.h"
#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <initializer_list>
#include <set>

namespace confinit {
namespace {

// `kind`: "user". The service's root may have a file of its own.
std::unexpected<Error> unknown_name(std::string key, const std::string& name, std::string_view kind,
                                    const std::string& file,
                                    std::optional<std::string_view> nearest) {
    std::string hint = "no such " + std::string{kind} + " in " + file + "; add it there";
    if (nearest) hint += ", or did you mean '" + std::string{*nearest} + "'?";
    return std::unexpected(Error{.key = std::move(key), .object = name, .hint = std::move(hint)});
}

std::unexpected<Error> unknown_user(std::string key, const std::string& name,
                                    const UserDatabase& database) {
    return unknown_name(std::move(key), name, "user", database.passwd_file(),
                        database.nearest_user(name));
}

const UserEntry* find_user(const UserDatabase& database, const std::string& name) {
    const auto id = parse_id(name);
    return id ? database.find_user(*id) : database.find_user(std::string_view{name});
}

Result<Identity> resolve_user(const ServiceConfig& service, const UserDatabase& database) {
    Identity identity;
    const UserEntry* entry = find_user(database, service.user);
    if (entry != nullptr) {
        identity.name = entry->name;
        identity.uid = entry->uid;
        identity.gid = entry->gid;
        if (!entry->home.empty()) identity.home = entry->home;
        if (!entry->shell.empty()) identity.shell = entry->shell;
        return identity;
    }
    const auto id = parse_id(service.user);
    // A machine without a passwd file still has a root, whose ids are the kernel's.
    if (!id && service.user == "root") {
        identity.name = "root";
        return identity;
    }
    if (!id) {
        return unknown_user("service.user", service.user, database);
    }
    if (*id != 0 && !service.group) {
        return std::unexpected(Error{.key = "service.group",
                                     .object = service.user,
                                     .hint = "the user has no entry in " + database.passwd_file() +
                                             ", so name a group as well"});
    }
    identity.uid = *id;
    return identity;
}

// "0 to 32, 1000".
std::string mapped_text(const std::vector<IdMap>& maps) {
    std::vector<std::string> ranges;
    for (const IdMap& map : maps) {
        std::string range = std::to_string(map.inside);
        if (map.count > 1) range += " to " + std::to_string(map.inside + (map.count - 1));
        ranges.push_back(std::move(range));
    }
    return join(ranges, ", ");
}

// Tells which ids have a place, and the key that would give this one a place.
std::string unmapped_hint(const Unit& unit, MapKind kind) {
    const NamespaceConfig& namespaces = unit.namespaces;
    const bool is_user = kind == MapKind::user;
    const std::string map_key = std::string{"namespaces.user."} + (is_user ? "uid_map" : "gid_map");
    const std::string maps =
        " maps " + mapped_text(is_user ? namespaces.uid_map : namespaces.gid_map) + "; ";
    if (joins_namespace(namespaces, NamespaceKind::user))
        return "the namespace of namespaces.user" + maps + "name one of these";
    if (unit.declared.contains(map_key)) return map_key + maps + "add a line for it there";
    if (namespaces.id_range == IdRange::nobody)
        return "namespaces.user = true" + maps +
               "namespaces.user.ids = \"private\" maps 0 to 65535";
    return "namespaces.user.ids" + maps +
           "name another id, or another range in namespaces.user.ids";
}

std::string group_key(std::size_t index) {
    return "service.supplementary_groups[" + std::to_string(index) + "]";
}

Status check_user_namespace(const Unit& unit, const Identity& identity) {
    const NamespaceConfig& namespaces = unit.namespaces;
    if (namespaces.uid_map.empty() || namespaces.gid_map.empty()) {
        const std::string key = namespaces.uid_map.empty() ? "uid_map" : "gid_map";
        return std::unexpected(
            Error{.key = "namespaces.user." + key,
                  .object = unit.name,
                  .hint = "a new user namespace needs a map such as [\"0 100000 65536\"]"});
    }
    TRY(place_outside(unit, MapKind::user, identity.uid, "service.user"));
    TRY(place_outside(unit, MapKind::group, identity.gid, "service.group"));
    const auto& groups = unit.service->supplementary_groups;
    if (!namespaces.allow_setgroups && !groups.empty()) {
        return std::unexpected(Error{
            .key = group_key(0),
            .object = groups[0],
            .call = "setgroups",
            .hint = "the user namespace denies it; say namespaces.user.setgroups = \"allow\""});
    }
    for (const std::uint32_t group : identity.groups) {
        TRY(place_outside(unit, MapKind::group, group, "service.supplementary_groups"));
    }
    return {};
}

bool has_own_users(const Unit& unit) {
    return unit.namespaces.user || joins_namespace(unit.namespaces, NamespaceKind::user);
}

bool names_account(const Unit& unit) {
    return std::ranges::any_of(std::initializer_list<const char*>{"service.user", "service.group",
                                                                  "service.supplementary_groups"},
                               [&](const char* key) { return unit.declared.contains(key); });
}

Identity identity_of(const FixedIdentity& fixed, const UserDatabase& database) {
    Identity identity{.uid = fixed.uid, .gid = fixed.gid, .groups = fixed.groups};
    const UserEntry* entry = database.find_user(fixed.uid);
    if (entry == nullptr) return identity;
    identity.name = entry->name;
    if (!entry->home.empty()) identity.home = entry->home;
    if (!entry->shell.empty()) identity.shell = entry->shell;
    return identity;
}

// With the primary one, which need not be in the kernel's list.
std::vector<std::uint32_t> all_groups(const FixedIdentity& fixed) {
    std::set<std::uint32_t> all(fixed.groups.begin(), fixed.groups.end());
    all.insert(fixed.gid);
    return {all.begin(), all.end()};
}

std::string ids_text(const std::vector<std::uint32_t>& ids) {
    std::vector<std::string> words;
    for (const std::uint32_t id : ids)
        words.push_back(std::to_string(id));
    return join(words, ", ");
}

// A supervisor that may not change its groups can give its own identity alone.
Status require_fixed(const FixedIdentity& fixed, const ServiceConfig& service,
                     const Identity& identity) {
    if (identity.uid != fixed.uid) {
        return std::unexpected(Error{
            .key = "service.user",
            .object = service.user,
            .hint = "the supervisor runs as user " + std::to_string(fixed.uid) +
                    " and can become no other: leave the key out, or start confinit as root"});
    }
    if (identity.gid != fixed.gid) {
        return std::unexpected(
            Error{.key = "service.group",
                  .object = std::to_string(identity.gid),
                  .hint = "the supervisor runs with group " + std::to_string(fixed.gid) +
                          " and can take no other: leave the key out, or start confinit as root"});
    }
    const std::vector<std::uint32_t> all = all_groups(fixed);
    if (identity.groups == all) return {};
    return std::unexpected(
        Error{.key = "service.supplementary_groups",
              .object = ids_text(identity.groups),
              .hint = "the supervisor cannot change its groups, which are " + ids_text(all) +
                      ": name these, or leave out user, group and groups, so that the "
                      "service runs as the supervisor does"});
}

// setgroups(2) would be refused, even for the list that is there.
void keep_own_groups(const LaunchContext& context, const Identity& identity, PlanDraft& plan) {
    const auto& fixed = context.fixed_identity;
    if (!fixed || fixed->uid != identity.uid || fixed->gid != identity.gid) return;
    plan.child.set_groups = false;
    plan.keeps_own_groups = true;
    plan.child.groups.assign(fixed->groups.begin(), fixed->groups.end());
}

}  // namespace

Result<std::uint32_t> resolve_user_id(const UserDatabase& database, const std::string& name,
                                      std::string key) {
    if (const auto id = parse_id(name)) return *id;
    if (const UserEntry* entry = database.find_user(std::string_view{name})) return entry->uid;
    if (name == "root") return 0;
    return unknown_user(std::move(key), name, database);
}

Result<std::uint32_t> resolve_group_id(const UserDatabase& database, const std::string& name,
                                       std::string key) {
    if (const auto id = parse_id(name)) return *id;
    if (const GroupEntry* entry = database.find_group(name)) return entry->gid;
    return unknown_name(std::move(key), name, "group", database.group_file(),
                        database.nearest_group(name));
}

std::optional<std::string> find_groups_left_out(const Unit& unit, const UserDatabase& database,
                                                const Identity& identity) {
    constexpr std::string_view key = "service.supplementary_groups";
    if (!identity.name || unit.declared.contains(std::string{key})) return std::nullopt;
    std::vector<std::string> names;
    for (const GroupEntry* group : database.groups_of(*identity.name)) {
        const bool is_taken =
            std::ranges::find(identity.groups, group->gid) != identity.groups.end();
        if (!is_taken) names.push_back(group->name);
    }
    if (names.empty()) return std::nullopt;
    return std::string{key} + ": by " + database.group_file() + " '" + *identity.name + "' is in " +
           join(names, ", ") + " as well, which the service is not: list what it needs, or []";
}

Result<std::uint32_t> place_outside(const Unit& unit, MapKind kind, std::uint32_t inside,
                                    std::string key) {
    const NamespaceConfig& namespaces = unit.namespaces;
    const auto& maps = kind == MapKind::user ? namespaces.uid_map : namespaces.gid_map;
    if (const auto outside = outside_id(maps, inside)) return *outside;
    return std::unexpected(Error{.key = std::move(key),
                                 .object = std::to_string(inside),
                                 .hint = unmapped_hint(unit, kind)});
}

namespace {

// As UserDatabase::load() finds them.
void witness_accounts(const std::string& root) {
    const ServiceView in_root{root};
    const ServiceView host{"/"};
    for (const std::string_view file : {"/etc/passwd", "/etc/group"}) {
        if (!in_root.witness_content_of(file)) (void)host.witness_content_of(file);
    }
}

}  // namespace

Result<UserDatabase> load_user_database(const Unit& unit) {
    note_key(unit.mounts.root ? "mounts.root" : "service.user");
    const std::string root = unit.mounts.root.value_or("/");
    note_path(root);
    const auto directory = open_at(AT_FDCWD, root, O_PATH | O_DIRECTORY);
    if (!directory) {
        return std::unexpected(Error{.key = "mounts.root",
                                     .object = root,
                                     .call = "open",
                                     .error = directory.error().error,
                                     .hint = "the root must be a directory of the host"});
    }
    if (has_witnesses()) witness_accounts(root);
    auto database = UserDatabase::load(root);
    if (database) return std::move(*database);
    return std::unexpected(Error{
        .key = "service.user", .object = unit.service->user, .hint = database.error().text()});
}

Result<Identity> resolve_identity(const Unit& unit, const LaunchContext& context,
                                  const UserDatabase& database) {
    const ServiceConfig& service = *unit.service;
    const bool is_fixed = context.fixed_identity && !has_own_users(unit);
    if (is_fixed && !names_account(unit)) return identity_of(*context.fixed_identity, database);
    const bool is_ourselves = is_fixed && !unit.declared.contains("service.user");
    Identity identity = is_ourselves ? identity_of(*context.fixed_identity, database)
                                     : TRY(resolve_user(service, database));
    identity.groups.clear();
    if (service.group) {
        identity.gid = TRY(resolve_group_id(database, *service.group, "service.group"));
    }
    identity.groups.push_back(identity.gid);
    for (std::size_t i = 0; i < service.supplementary_groups.size(); ++i) {
        identity.groups.push_back(
            TRY(resolve_group_id(database, service.supplementary_groups[i], group_key(i))));
    }
    std::ranges::sort(identity.groups);
    const auto repeated = std::ranges::unique(identity.groups);
    identity.groups.erase(repeated.begin(), repeated.end());
    if (is_fixed) TRY(require_fixed(*context.fixed_identity, service, identity));
    return identity;
}

Status apply_identity(const Unit& unit, const LaunchContext& context, const Identity& identity,
                      PlanDraft& plan) {
    plan.child.uid = identity.uid;
    plan.child.gid = identity.gid;
    plan.child.groups.assign(identity.groups.begin(), identity.groups.end());
    const NamespaceConfig& namespaces = unit.namespaces;
    const bool joins = joins_namespace(namespaces, NamespaceKind::user);
    if (!has_own_users(unit)) {
        keep_own_groups(context, identity, plan);
        return {};
    }
    TRY(check_user_namespace(unit, identity));
    plan.child.set_groups = namespaces.allow_setgroups;
    if (!namespaces.allow_setgroups) plan.child.groups.clear();
    if (joins) return {};
    plan.uid_map = map_text(namespaces.uid_map);
    plan.gid_map = map_text(namespaces.gid_map);
    plan.deny_setgroups = !namespaces.allow_setgroups;
    plan.child.builds_as_mapped = true;
    plan.child.builder_uid = outside_id(namespaces.uid_map, 0) ? 0 : identity.uid;
    plan.child.builder_gid = outside_id(namespaces.gid_map, 0) ? 0 : identity.gid;
    return {};
}

std::string map_text(const std::vector<IdMap>& maps) {
    std::string text;
    for (const IdMap& map : maps) {
        text += std::to_string(map.inside) + " " + std::to_string(map.outside) + " " +
                std::to_string(map.count) + "\n";
    }
    return text;
}

}  // namespace confinit
