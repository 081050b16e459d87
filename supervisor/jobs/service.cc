// SPDX-License-Identifier: Apache-2.0
// Service: the live thing behind a unit, as data: what is loaded, what runs, and how that is going.
#include "supervisor/jobs/service.h"

#include "unit/difference.h"

#include <fmt/format.h>

namespace confinit {

const Cgroup* node_of(const Service& service) {
    if (service.run) return service.run->node();
    return service.group ? &service.group->node() : nullptr;
}

const UnitNode* unit_node_of(const Service& service) {
    if (service.run) return service.run->unit_node();
    return service.group ? &service.group->unit_node() : nullptr;
}

const Unit* running_unit(const Service& service) {
    if (service.run) return &service.run->unit();
    return service.group ? &service.group->unit() : nullptr;
}

const std::string& group_of(const Service& service) {
    const Unit* running = running_unit(service);
    return running != nullptr ? running->cgroup_place.group : service.unit.cgroup_place.group;
}

std::string group_in_use(const Service& service) {
    if (service.pending_start && service.pending_start->decided_unit)
        return service.pending_start->decided_unit->cgroup_place.group;
    const bool is_in_use = running_unit(service) != nullptr || service.pending_start;
    return is_in_use ? group_of(service) : "";
}

std::vector<std::string> keys_left_out(const Service& service) {
    std::vector<std::string> keys;
    for (const SkippedKey& skipped : service.skipped)
        keys.push_back(skipped.key);
    return keys;
}

std::vector<std::string> outdated_keys(const Service& service) {
    const Unit* running = running_unit(service);
    if (running == nullptr) return {};
    return outdated_keys(*running, service.unit, keys_left_out(service));
}

std::vector<Leftover> leftovers_of(const Service& service) {
    if (service.run) return look_at(service.run->some_processes());
    constexpr std::size_t most = 4;
    if (service.group) return look_at(some_processes(service.group->node(), most));
    return {};
}

// For a unit that has been killed, and is not over.
std::string leftovers_text(const Service& service) {
    const std::vector<Leftover> left = leftovers_of(service);
    if (!left.empty()) return "still there after SIGKILL: " + text_of(left);
    const Cgroup* node = node_of(service);
    if (node == nullptr) return "still there after SIGKILL";
    const auto populated = node->is_populated();
    if (populated && !*populated) {
        return "all its processes have ended after SIGKILL, and it is not cleared away yet";
    }
    return fmt::format("'{}' cannot be removed: something is left below it", node->path());
}

}  // namespace confinit
