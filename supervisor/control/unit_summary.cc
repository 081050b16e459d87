// SPDX-License-Identifier: Apache-2.0
// UnitSummary of manager_interface.varlink: a unit in a few facts.
#include "supervisor/control/unit_summary.h"

#include "base/text.h"
#include "supervisor/control/methods.h"
#include "supervisor/jobs/event_text.h"

#include <algorithm>

namespace confinit {
namespace {

std::string_view kind_of(const Unit& unit) {
    if (unit.service) return "service";
    return is_group(unit) ? "group" : "target";
}

// Whether those that the unit names in wanted_by and required_by do want it, as `svctl enable`
// makes them; any of them is enough.
std::string_view enablement(const Manager& manager, const Unit& unit) {
    const UnitSection& section = unit.unit;
    if (section.wanted_by.empty() && section.required_by.empty()) return "static";
    const bool is_enabled = std::ranges::any_of(section.wanted_by,
                                                [&](const std::string& other) {
                                                    return manager.is_wanted_by(unit.name, other);
                                                }) ||
                            std::ranges::any_of(section.required_by, [&](const std::string& other) {
                                return manager.is_required_by(unit.name, other);
                            });
    return is_enabled ? "enabled" : "disabled";
}

std::string reason_of(const engine::UnitState& state, const Service& service) {
    const bool is_asked_only = state.reason.empty() && !service.asked_by.empty();
    if (is_asked_only) return "asked by " + service.asked_by;
    return with_asker(state.reason, service.asked_by);
}

}  // namespace

void add_number(Json& object, const char* name, const Result<std::string>& value) {
    if (!value) return;
    if (const auto number = parse_unsigned(*value)) object[name] = *number;
}

Json unit_summary(const Manager& manager, const Service& service, OnDisk on_disk) {
    const engine::UnitState state = manager.state(service.unit.name);
    Json unit = {
        {"name", service.unit.name},
        {"description", service.unit.unit.description},
        {"kind", kind_of(service.unit)},
        {"group", group_of(service)},
        {"enabled", enablement(manager, service.unit)},
        {"active", engine::name(state.active)},
        {"sub", engine::name(state.sub)},
        {"pid", service.run ? service.run->main_pid() : 0},
        {"since_us", boot_time_microseconds(state.since)},
        {"reason", reason_of(state, service)},
        {"skipped", Json::array()},
        {"drift", Json::array()},
        {"on_disk", on_disk_names.name(on_disk)},
        {"load_problems",
         on_disk == OnDisk::broken ? service.disk.problems : std::vector<std::string>{}},
        {"outdated", outdated_keys(service)},
    };
    add_bus_name(unit, service);
    for (const SkippedKey& skipped : service.skipped) {
        unit["skipped"].push_back(skipped.reason);
    }
    for (const DriftItem& item : service.drift) {
        unit["drift"].push_back(item.text());
    }
    if (const Cgroup* node = node_of(service)) {
        add_number(unit, "memory_bytes", node->read("memory.current"));
    }
    return unit;
}

}  // namespace confinit
