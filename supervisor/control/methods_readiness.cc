// SPDX-License-Identifier: Apache-2.0
// The control method readiness, for probes.
#include "control/fields.h"
#include "supervisor/control/methods.h"

#include <array>
#include <fmt/format.h>

namespace confinit {
namespace {

Json unit_readiness(const Manager& manager, const std::string& unit) {
    const engine::UnitState state = manager.state(unit);
    return {{"name", unit},
            {"active", name(state.active)},
            {"sub", name(state.sub)},
            {"reason", state.reason}};
}

void readiness(ControlContext& context, const Call& call, Responder responder) {
    const Manager& manager = context.manager;
    const auto given = find_strings(call.parameters, "units");
    const std::string& boot_unit = manager.machinery().boot_unit;
    std::vector<std::string> names = given ? *given : manager.started_with(boot_unit);
    if (names.empty()) names.push_back(boot_unit);
    bool is_ready = true;
    Json units = Json::array();
    for (const std::string& unit : names) {
        if (manager.units().loaded(unit) == nullptr) {
            return responder.error(ControlError::no_such_unit,
                                   fmt::format("no unit '{}' is loaded", unit), {{"unit", unit}});
        }
        is_ready = is_ready && manager.state(unit).active == engine::ActiveState::active;
        units.push_back(unit_readiness(manager, unit));
    }
    responder.reply({{"ready", is_ready}, {"units", units}});
}

constexpr std::array readiness_rows{MethodRow{Method::readiness, readiness}};

}  // namespace

std::span<const MethodRow> readiness_methods() {
    return readiness_rows;
}

}  // namespace confinit
