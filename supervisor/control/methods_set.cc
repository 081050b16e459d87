// SPDX-License-Identifier: Apache-2.0
// The control methods that change keys of a unit while it runs, and take them back.
#include "control/fields.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"
#include "supervisor/jobs/live_change.h"

#include <array>
#include <fmt/format.h>

namespace confinit {
namespace {

Json reply_of(const Changed& changed) {
    Json values = Json::array();
    for (const LimitValue& value : changed.values) {
        values.push_back({{"key", value.key},
                          {"value", value.value},
                          {"file", value.location.file},
                          {"line", value.location.line}});
    }
    return {{"values", values},
            {"files", changed.files},
            {"in_force", changed.is_in_force},
            {"notes", changed.notes}};
}

// Takes out of an outcome the values of files that the caller could not read.
void hide(std::expected<Changed, ChangeRefused>& outcome) {
    if (!outcome) {
        if (!outcome.error().problems.empty()) {
            outcome.error() = {.problems = {std::string{problems_are_hidden}}};
        }
        return;
    }
    for (LimitValue& value : outcome->values)
        value = {.key = value.key, .value = "", .location = {}};
    outcome->notes.clear();
}

ChangeDone answer_of(ControlContext& context, const Responder& responder, const std::string& unit) {
    return [&context, responder, unit](std::expected<Changed, ChangeRefused> outcome) {
        if (!Disclosure{context, responder}.shows(unit)) hide(outcome);
        if (outcome) return responder.reply(reply_of(*outcome));
        const ChangeRefused& refused = outcome.error();
        if (refused.problems.empty()) {
            return responder.error(ControlError::operation_failed, refused.failure);
        }
        responder.error(ControlError::invalid_unit,
                        refused.failure.empty() ? refused.problems.front() : refused.failure,
                        {{"unit", unit}, {"problems", refused.problems}});
    };
}

void set(ControlContext& context, const Call& call, Responder responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    ChangeRequest request{.values = {},
                          .runtime = bool_or(call.parameters, "runtime"),
                          .force = bool_or(call.parameters, "force")};
    const Json* values = find_object(call.parameters, "values");
    for (const auto& [key, value] : values->items())
        request.values.push_back({key, value.get<std::string>()});
    if (request.values.empty()) {
        return responder.error(ControlError::invalid_parameter, "'values' has no key",
                               {{"parameter", "values"}});
    }
    change_live(context.manager, *service, std::move(request),
                answer_of(context, responder, service->unit.name));
}

void revert(ControlContext& context, const Call& call, Responder responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    ChangeRequest request{.values = {}, .force = bool_or(call.parameters, "force")};
    for (std::string& key :
         find_strings(call.parameters, "keys").value_or(std::vector<std::string>{})) {
        request.values.push_back({std::move(key), {}});
    }
    change_live(context.manager, *service, std::move(request),
                answer_of(context, responder, service->unit.name));
}

constexpr std::array set_rows{
    MethodRow{Method::set, set, Reads::unit},
    MethodRow{Method::revert, revert, Reads::unit},
};

}  // namespace

std::span<const MethodRow> set_methods() {
    return set_rows;
}

}  // namespace confinit
