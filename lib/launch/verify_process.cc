// SPDX-License-Identifier: Apache-2.0
// Verify: ids, capability sets, filters and limits of the main process against the plan.
#include "launch/verify_parts.h"

#include "base/text.h"
#include "launch/plan_parts.h"

#include <algorithm>
#include <sys/resource.h>

namespace confinit {
namespace {

std::string ids_text(const FourIds& ids) {
    if (std::ranges::adjacent_find(ids, std::ranges::not_equal_to{}) == ids.end()) {
        return std::to_string(ids[0]);
    }
    return "real " + std::to_string(ids[0]) + ", effective " + std::to_string(ids[1]) + ", saved " +
           std::to_string(ids[2]) + ", file system " + std::to_string(ids[3]);
}

std::string list_text(const std::vector<std::uint32_t>& ids) {
    std::string text;
    for (const std::uint32_t id : ids) {
        if (!text.empty()) text += ", ";
        text += std::to_string(id);
    }
    return text.empty() ? "none" : text;
}

// The id as the supervisor sees it; one without a place in the maps cannot be in force.
std::optional<std::uint32_t> seen_id(const Unit& unit, const std::vector<IdMap>& maps,
                                     std::uint32_t id) {
    const bool has_maps = !unit.namespaces.uid_map.empty();
    return has_maps ? outside_id(maps, id) : std::optional{id};
}

VerifyItem compare_ids(const Unit& unit, std::string_view key, std::uint32_t wanted,
                       const std::vector<IdMap>& maps, const FourIds& ids) {
    const auto seen = seen_id(unit, maps, wanted);
    const std::string number = std::to_string(wanted);
    VerifyItem item;
    item.key = key;
    item.declared = declared_text(unit, key, number);
    if (item.declared != number) item.declared += " (" + number + ")";
    item.in_force = ids_text(ids);
    if (seen && *seen != wanted) item.in_force += " outside of the user namespace";
    item.same = seen && std::ranges::all_of(ids, [&](std::uint32_t id) { return id == *seen; });
    return item;
}

VerifyItem compare_groups(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status) {
    std::vector<std::uint32_t> wanted;
    bool has_places = true;
    for (const gid_t group : plan.groups) {
        const auto seen = seen_id(unit, unit.namespaces.gid_map, group);
        has_places = has_places && seen.has_value();
        wanted.push_back(seen.value_or(group));
    }
    std::ranges::sort(wanted);
    constexpr std::string_view key = "service.supplementary_groups";
    return {std::string{key}, declared_text(unit, key, list_text(wanted)), list_text(status.groups),
            has_places && wanted == status.groups};
}

class CapabilityComparison {
public:
    CapabilityComparison(const Unit& unit, const LaunchPlan& plan, VerifyItems& items)
        : unit_(unit), items_(items), all_((CapabilityMask{2} << plan.child.last_capability) - 1) {}

    void add(std::string_view name, CapabilityMask wanted, CapabilityMask in_force) {
        const std::string key = "capabilities." + std::string{name};
        VerifyItem item;
        item.key = key;
        item.declared = declared_text(unit_, key, capability_text(wanted, all_));
        item.in_force = capability_text(in_force, all_);
        item.same = (in_force & ~wanted) == 0;
        const CapabilityMask given_up = wanted & ~in_force;
        if (item.same && given_up != 0) {
            item.in_force += " (the program gave up " + capability_text(given_up, all_) + ")";
        }
        items_.push_back(std::move(item));
    }

private:
    const Unit& unit_;
    VerifyItems& items_;
    CapabilityMask all_;
};

void compare_capabilities(const Unit& unit, const LaunchPlan& plan, const CapabilitySets& sets,
                          VerifyItems& items) {
    const CapabilitySets& wanted = plan.expected_capabilities;
    CapabilityComparison comparison{unit, plan, items};
    comparison.add("bounding", wanted.bounding, sets.bounding);
    comparison.add("ambient", wanted.ambient, sets.ambient);
    comparison.add("inheritable", wanted.inheritable, sets.inheritable);
    comparison.add("permitted", wanted.permitted, sets.permitted);
    comparison.add("effective", wanted.effective, sets.effective);
}

// Securebits show in the sets only, as far as the program's own ids let them.
void add_unseen(const Unit& unit, const LaunchPlan& plan, VerifyItems& items) {
    const auto add = [&](std::string_view key) {
        items.push_back({.key = std::string{key},
                         .declared = declared_text(unit, key, "in force"),
                         .in_force = "set before execve",
                         .same = true,
                         .seen = false});
    };
    if (plan.child.securebits != 0) add("capabilities.securebits");
    if (plan.child.keyring == ChildKeyring::separate) add("process.keyring");
}

std::string truth(bool value) {
    return value ? "true" : "false";
}

}  // namespace

void verify_status(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                   const ProcessStatus& own, VerifyItems& items) {
    const NamespaceConfig& namespaces = unit.namespaces;
    items.push_back(
        compare_ids(unit, "service.user", plan.child.uid, namespaces.uid_map, status.uid));
    items.push_back(
        compare_ids(unit, "service.group", plan.child.gid, namespaces.gid_map, status.gid));
    items.push_back(compare_groups(unit, plan, status));
    compare_capabilities(unit, plan, status.capabilities, items);
    add_unseen(unit, plan, items);
    const bool wanted = plan.child.no_new_privs;
    items.push_back({"capabilities.no_new_privs",
                     declared_text(unit, "capabilities.no_new_privs", truth(wanted)),
                     truth(status.no_new_privs), status.no_new_privs || !wanted});
    verify_seccomp(unit, plan, status, own, items);
    items.push_back({"process.umask",
                     declared_text(unit, "process.umask", octal_text(plan.child.umask)),
                     octal_text(status.umask), status.umask == plan.child.umask});
}

void verify_limits(const Unit& unit, const LaunchPlan& plan, std::span<const ProcessLimit> limits,
                   VerifyItems& items) {
    for (std::size_t i = 0; i < plan.rlimit_values.size(); ++i) {
        const rlimit64& wanted = plan.rlimit_values[i];
        const std::string& key = plan.rlimit_keys[i];
        VerifyItem item;
        item.key = key;
        item.declared = declared_text(unit, key, limit_text(wanted.rlim_cur, wanted.rlim_max));
        const auto limit =
            std::ranges::find(limits, plan.rlimit_resources[i], &ProcessLimit::resource);
        item.in_force = limit == limits.end() ? "not shown by the kernel"
                                              : limit_text(limit->soft, limit->hard);
        item.same = limit != limits.end() && limit->hard <= wanted.rlim_max &&
                    limit->soft <= wanted.rlim_max;
        items.push_back(std::move(item));
    }
}

}  // namespace confinit
