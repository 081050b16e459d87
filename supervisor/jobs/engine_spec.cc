// SPDX-License-Identifier: Apache-2.0
// The facts of a unit that the engine has to know.
#include "supervisor/jobs/engine_spec.h"

#include <algorithm>
#include <array>

namespace confinit {

using namespace std::string_view_literals;

namespace {

engine::Restart engine_restart(RestartMode mode) {
    switch (mode) {
    case RestartMode::no:
        return engine::Restart::no;
    case RestartMode::on_failure:
        return engine::Restart::on_failure;
    case RestartMode::always:
        return engine::Restart::always;
    }
    return engine::Restart::no;
}

}  // namespace

engine::UnitSpec make_engine_spec(const Unit& unit, const std::string& group) {
    engine::UnitSpec spec;
    spec.name = unit.name;
    spec.requires_units = unit.unit.requires_units;
    spec.wants = unit.unit.wants;
    spec.after = unit.unit.after;
    spec.before = unit.unit.before;
    spec.conflicts = unit.unit.conflicts;
    spec.is_group = is_group(unit);
    if (!group.empty() && group != unit.cgroup_place.group) {
        spec.requires_units.push_back(group);
        spec.after.push_back(group);
    }
    if (!unit.service) return spec;
    const ServiceConfig& service = *unit.service;
    spec.is_service = true;
    spec.is_oneshot = service.type == ServiceType::oneshot;
    spec.tells_when_ready = service.ready.by != ReadyBy::exec;
    if (service.ready.by == ReadyBy::bus_name) {
        spec.unready_text = "confinit-bus has told of no process of it that owns the bus name '" +
                            service.ready.bus_name + "'";
    }
    spec.restart = engine_restart(service.restart);
    spec.restart_delay = service.restart_delay;
    spec.restart_max_delay = service.restart_max_delay;
    spec.restart_limit = service.restart_limit;
    spec.start_timeout = service.start_timeout;
    spec.stop_timeout = service.stop_timeout;
    return spec;
}

bool is_engine_key(std::string_view key) {
    constexpr std::array of_service{
        "service.restart"sv,       "service.restart_delay"sv, "service.restart_max_delay"sv,
        "service.restart_limit"sv, "service.essential"sv,     "service.start_timeout"sv,
        "service.stop_timeout"sv,
    };
    return key.starts_with("unit.") || std::ranges::find(of_service, key) != of_service.end();
}

}  // namespace confinit
