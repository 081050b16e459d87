// SPDX-License-Identifier: Apache-2.0
// The control method Enter: a command inside of a running service.
#include "control/fields.h"
#include "supervisor/control/enter_session.h"
#include "supervisor/control/methods.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

namespace confinit {
namespace {

std::optional<TerminalSize> wanted_terminal(const Json& parameters, std::string& term) {
    const Json* terminal = find_object(parameters, "terminal");
    if (terminal == nullptr) return std::nullopt;
    term = string_or(*terminal, "term");
    const auto size = [&](const char* field, std::int64_t fallback) {
        constexpr std::int64_t most = std::numeric_limits<unsigned short>::max();
        return static_cast<unsigned short>(
            std::clamp<std::int64_t>(integer_or(*terminal, field, fallback), 0, most));
    };
    return TerminalSize{size("rows", 24), size("columns", 80)};
}

void enter(ControlContext& context, const Call& call, Responder responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    if (!call.more && !call.upgrade) {
        return responder.error(ControlError::expected_more,
                               "Enter is called with more or with upgrade");
    }
    const Run* run = running(*service, responder);
    if (run == nullptr) return;
    const auto node = run->node_of_main();
    if (node && *node && (*node)->read_field("cgroup.events", "frozen") == 1U) {
        // A service with a subtree can freeze its own nodes below it.
        const auto frozen =
            run->freeze_request().value_or(FreezeRequest{.place = (*node)->path(), .unit = ""});
        return responder.error(ControlError::operation_failed,
                               fmt::format("{}, and a command in it would be too: {}",
                                           frozen.text(service->unit.name), frozen.way_out()));
    }
    EnterRequest request;
    request.command = find_strings(call.parameters, "command").value_or(std::vector<std::string>{});
    request.privileged = bool_or(call.parameters, "privileged");
    const auto terminal = wanted_terminal(call.parameters, request.term);
    context.manager.machinery().console.info(fmt::format(
        "{}: entered{} by root", service->unit.name, request.privileged ? " with privileges" : ""));
    const EnterWay way = call.upgrade ? EnterWay::frames : EnterWay::descriptors;
    context.enter_sessions.start(*run, request, terminal, way, responder);
}

constexpr std::array rows{MethodRow{Method::enter, enter}};

}  // namespace

std::span<const MethodRow> enter_methods() {
    return rows;
}

}  // namespace confinit
