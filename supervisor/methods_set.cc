// SPDX-License-Identifier: Apache-2.0
// The control method that changes a key of a unit while it runs.
#include "control/fields.h"
#include "control_methods.h"
#include "live_change.h"

#include <fmt/format.h>

namespace confinit {
namespace {

void set(ControlContext& context, const Call& call, Responder responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    const std::string key = string_or(call.parameters, "key");
    const std::string value = string_or(call.parameters, "value");
    const bool runtime = bool_or(call.parameters, "runtime");
    const std::string unit = service->unit.name;
    const auto changed = change_live(context.manager, *service, {key, value, runtime});
    if (changed) return responder.reply(Json::object());
    const ChangeRefused& refused = changed.error();
    if (refused.problems.empty()) {
        return responder.error(ControlError::operation_failed, refused.failure);
    }
    responder.error(ControlError::invalid_unit, refused.problems.front(),
                    {{"unit", unit}, {"problems", refused.problems}});
}

constexpr std::array rows{
    MethodRow{Method::set, Authority::root, set},
};

}  // namespace

std::span<const MethodRow> set_methods() {
    return rows;
}

}  // namespace confinit
