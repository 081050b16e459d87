// SPDX-License-Identifier: Apache-2.0
// The control method list.
#include "control/fields.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"
#include "supervisor/control/unit_summary.h"
#include "supervisor/jobs/absent_units.h"

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <set>

namespace confinit {
namespace {

using Names = std::set<std::string, std::less<>>;

// A file of a unit may be where nobody answers.
constexpr std::chrono::seconds patience_for_disk{5};

// The named units that are loaded, or all.
std::vector<Service*> loaded_units(const Manager& manager, const std::optional<Names>& names) {
    std::vector<Service*> found;
    if (!names) {
        for (const auto& [name, service] : manager.units().all())
            found.push_back(service.get());
        return found;
    }
    for (const std::string& name : *names) {
        const auto known = manager.units().all().find(name);
        if (known != manager.units().all().end()) found.push_back(known->second.get());
    }
    return found;
}

Json list_reply(Manager& manager, Disclosure& disclosure, const std::optional<Names>& names) {
    Json units = Json::array();
    const std::uint64_t mark = manager.units().mark_of_disk();
    for (Service* service : loaded_units(manager, names)) {
        units.push_back(
            unit_summary(manager, *service, manager.units().glance_at_disk(*service, mark)));
        disclosure.limit(units.back(), *service);
    }
    for (const auto& [name, problems] : manager.units().broken()) {
        if (names && !names->contains(name)) continue;
        units.push_back(broken_summary(name, problems));
        disclosure.hide_problems(units.back());
    }
    if (names) return {{"units", units}};
    for (Json& unit : unread_summaries(manager)) {
        units.push_back(std::move(unit));
        disclosure.hide_problems(units.back());
    }
    return {{"units", units}};
}

std::vector<int> nodes_of_all(const Manager& manager) {
    std::vector<int> descriptors;
    for (const auto& [name, service] : manager.units().all()) {
        const Cgroup* node = node_of(*service);
        if (node != nullptr) descriptors.push_back(node->directory().get());
    }
    return descriptors;
}

// Operators have their list also where there is no room for a worker, then without a look at the
// disk.
void list(ControlContext& context, const Call& call, Responder responder) {
    Manager& manager = context.manager;
    std::optional<Names> names;
    if (const auto given = find_strings(call.parameters, "units")) {
        names.emplace(given->begin(), given->end());
    }
    auto reply = [&manager, disclosure = Disclosure{context, responder},
                  names = std::move(names)]() mutable {
        return list_reply(manager, disclosure, names);
    };
    const Caller* caller = context.server.find_caller(responder.connection());
    std::function<Json()> otherwise;
    if (caller != nullptr && caller->is_operator) otherwise = reply;
    answer_by_worker(
        context, responder, "list",
        [reply = std::move(reply)]() mutable -> Result<Json> { return reply(); },
        [&manager] { return nodes_of_all(manager); }, std::move(otherwise), patience_for_disk);
}

constexpr std::array list_rows{MethodRow{Method::list, list}};

}  // namespace

std::span<const MethodRow> list_methods() {
    return list_rows;
}

}  // namespace confinit
