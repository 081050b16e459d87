// SPDX-License-Identifier: Apache-2.0
// Verify: ids, capability sets, filters and limits of the main process against the plan.
#include "launch/verify/parts.h"

#include "base/text.h"
#include "launch/plan/parts.h"

#include <algorithm>
#include <linux/capability.h>
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

// Root that was given the capability may become any user and take any groups, and is then never
// more than root. A service that is no root from the start has to stay who it is.
bool may_change(const LaunchPlan& plan, int capability) {
    const CapabilityMask permitted = plan->expected_capabilities.permitted;
    return plan->child.uid == 0 && (permitted & (CapabilityMask{1} << capability)) != 0;
}

// The id as the supervisor sees it; one without a place in the maps cannot be in force.
std::optional<std::uint32_t> seen_id(const Unit& unit, const std::vector<IdMap>& maps,
                                     std::uint32_t id) {
    const bool has_maps = !unit.namespaces.uid_map.empty();
    return has_maps ? outside_id(maps, id) : std::optional{id};
}

VerifyItem compare_ids(const Unit& unit, std::string_view key, std::uint32_t wanted,
                       const std::vector<IdMap>& maps, const FourIds& ids, bool may_change) {
    const auto seen = seen_id(unit, maps, wanted);
    const std::string number = std::to_string(wanted);
    VerifyItem item;
    item.key = key;
    item.declared = declared_text(unit, key, number);
    if (item.declared != number) item.declared += " (" + number + ")";
    item.in_force = ids_text(ids);
    if (seen && *seen != wanted) item.in_force += " outside of the user namespace";
    const bool is_same =
        seen && std::ranges::all_of(ids, [&](std::uint32_t id) { return id == *seen; });
    item.result = !is_same && may_change ? VerifyResult::narrower : same_if(is_same);
    return item;
}

VerifyItem compare_groups(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status) {
    std::vector<std::uint32_t> wanted;
    bool has_places = true;
    for (const gid_t group : plan->child.groups) {
        const auto seen = seen_id(unit, unit.namespaces.gid_map, group);
        has_places = has_places && seen.has_value();
        wanted.push_back(seen.value_or(group));
    }
    std::ranges::sort(wanted);
    const bool is_within = has_places && std::ranges::includes(wanted, status.groups);
    const bool is_same = is_within && wanted.size() == status.groups.size();
    const bool is_narrower = !is_same && (is_within || may_change(plan, CAP_SETGID));
    constexpr std::string_view key = "service.supplementary_groups";
    return {std::string{key}, declared_text(unit, key, list_text(wanted)), list_text(status.groups),
            is_narrower ? VerifyResult::narrower : same_if(is_same)};
}

class CapabilityComparison {
public:
    CapabilityComparison(const Unit& unit, const LaunchPlan& plan, UserNamespacePlace place,
                         VerifyItems& items)
        : unit_(unit),
          place_(place),
          items_(items),
          all_((CapabilityMask{2} << plan->child.last_capability) - 1) {}

    void add(std::string_view name, CapabilityMask wanted, CapabilityMask in_force) {
        const std::string key = "capabilities." + std::string{name};
        VerifyItem item;
        item.key = key;
        item.declared = declared_text(unit_, key, capability_text(wanted, all_));
        item.in_force = capability_text(in_force, all_);
        item.result = compare(wanted, in_force, item.in_force);
        items_.push_back(std::move(item));
    }

private:
    VerifyResult compare(CapabilityMask wanted, CapabilityMask in_force, std::string& text) const {
        if (place_ == UserNamespacePlace::own_below) {
            text += " in a user namespace of its own";
            return VerifyResult::narrower;
        }
        if ((in_force & ~wanted) != 0) return VerifyResult::differs;
        const CapabilityMask given_up = wanted & ~in_force;
        if (given_up == 0) return VerifyResult::same;
        text += " (the program gave up " + capability_text(given_up, all_) + ")";
        return VerifyResult::narrower;
    }

    const Unit& unit_;
    UserNamespacePlace place_;
    VerifyItems& items_;
    CapabilityMask all_;
};

void compare_capabilities(const Unit& unit, const LaunchPlan& plan, const CapabilitySets& sets,
                          UserNamespacePlace place, VerifyItems& items) {
    const CapabilitySets& wanted = plan->expected_capabilities;
    CapabilityComparison comparison{unit, plan, place, items};
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
                         .result = VerifyResult::unseen});
    };
    if (plan->child.securebits != 0) add("capabilities.securebits");
    if (plan->child.keyring == ChildKeyring::separate) add("process.keyring");
}

std::string truth(bool value) {
    return value ? "true" : "false";
}

// A bit more in the mask is a permission less on new files.
VerifyItem compare_umask(const Unit& unit, mode_t wanted, mode_t in_force) {
    const bool is_same = in_force == wanted;
    const bool is_stricter = (wanted & ~in_force) == 0;
    return {"process.umask", declared_text(unit, "process.umask", octal_text(wanted)),
            octal_text(in_force),
            !is_same && is_stricter ? VerifyResult::narrower : same_if(is_same)};
}

// The soft limit moves freely below the hard one.
VerifyResult compare_limit(const ProcessLimit& found, const rlimit64& wanted) {
    if (found.hard > wanted.rlim_max || found.soft > wanted.rlim_max) return VerifyResult::differs;
    const bool is_lower = found.hard < wanted.rlim_max || found.soft < wanted.rlim_cur;
    return is_lower ? VerifyResult::narrower : VerifyResult::same;
}

}  // namespace

void verify_status(const Unit& unit, const LaunchPlan& plan, const ProcessStatus& status,
                   const ProcessStatus& own, VerifyItems& items, UserNamespacePlace place) {
    const NamespaceConfig& namespaces = unit.namespaces;
    items.push_back(compare_ids(unit, "service.user", plan->child.uid, namespaces.uid_map,
                                status.uid, may_change(plan, CAP_SETUID)));
    items.push_back(compare_ids(unit, "service.group", plan->child.gid, namespaces.gid_map,
                                status.gid, may_change(plan, CAP_SETGID)));
    items.push_back(compare_groups(unit, plan, status));
    compare_capabilities(unit, plan, status.capabilities, place, items);
    add_unseen(unit, plan, items);
    const bool wanted = plan->child.no_new_privs;
    items.push_back({"capabilities.no_new_privs",
                     declared_text(unit, "capabilities.no_new_privs", truth(wanted)),
                     truth(status.no_new_privs),
                     status.no_new_privs && !wanted ? VerifyResult::narrower
                                                    : same_if(status.no_new_privs == wanted)});
    verify_seccomp(unit, plan, status, own, items);
    if (is_declared(unit, "process.umask")) {
        items.push_back(compare_umask(unit, plan->child.umask, status.umask));
    }
}

void verify_limits(const Unit& unit, const LaunchPlan& plan, std::span<const ProcessLimit> limits,
                   VerifyItems& items) {
    for (std::size_t i = 0; i < plan->child.rlimit_values.size(); ++i) {
        const rlimit64& wanted = plan->child.rlimit_values[i];
        const std::string key = plan->rlimit_keys[i].str();
        VerifyItem item;
        item.key = key;
        item.declared = declared_text(unit, key, limit_text(wanted.rlim_cur, wanted.rlim_max));
        const auto limit =
            std::ranges::find(limits, plan->child.rlimit_resources[i], &ProcessLimit::resource);
        item.in_force = limit == limits.end() ? "not shown by the kernel"
                                              : limit_text(limit->soft, limit->hard);
        if (limit != limits.end()) item.result = compare_limit(*limit, wanted);
        // A program that may raise its limits breaks no promise of a unit that sets none.
        if (is_declared(unit, key) || !item.differs()) items.push_back(std::move(item));
    }
}

}  // namespace confinit
