// SPDX-License-Identifier: Apache-2.0
// The methods of the control interface: one flat table of name, authority and function.
#include "control_methods.h"

#include "control/fields.h"

#include <fmt/format.h>

namespace confinit {

const MethodRow* find_method(std::string_view name) {
    for (const auto rows : {unit_methods(), status_methods(), event_methods(), filter_methods(),
                            machine_methods(), enter_methods(), set_methods()}) {
        for (const MethodRow& row : rows) {
            if (method_names.name(row.method) == name) return &row;
        }
    }
    return nullptr;
}

Service* named_unit(ControlContext& context, const Call& call, const Responder& responder) {
    std::string unit = string_or(call.parameters, "unit");
    if (unit.ends_with(".toml")) unit.resize(unit.size() - 5);
    const auto found = context.manager.find(unit);
    if (found) return *found;
    const UnitRefused& refused = found.error();
    const std::string first = refused.problems.empty() ? "" : refused.problems.front();
    if (refused.exists) {
        responder.error(ControlError::invalid_unit,
                        fmt::format("the unit '{}' does not load: {}", unit, first),
                        {{"unit", unit}, {"problems", refused.problems}});
    } else {
        responder.error(ControlError::no_such_unit,
                        first.empty() ? fmt::format("there is no unit '{}'", unit) : first,
                        {{"unit", unit}});
    }
    return nullptr;
}

Run* running(Service& service, const Responder& responder) {
    if (service.run && service.run->main_pid() != 0) return service.run.get();
    responder.error(ControlError::not_running,
                    fmt::format("'{}' is not running", service.unit.name),
                    {{"unit", service.unit.name}});
    return nullptr;
}

}  // namespace confinit
