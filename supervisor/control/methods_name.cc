// SPDX-License-Identifier: Apache-2.0
// The control method by which confinit-bus tells who owns a name on the bus.
#include "control/fields.h"
#include "supervisor/control/methods.h"

#include <array>
#include <limits>

namespace confinit {
namespace {

bool waits_for_name(const Run& run, std::string_view name) {
    const Readiness& ready = run.unit().service->ready;
    return ready.by == ReadyBy::bus_name && ready.bus_name == name;
}

void set_name_owner(ControlContext& context, const Call& call, Responder responder) {
    const std::string name = string_or(call.parameters, "name");
    const std::int64_t pid = integer_or(call.parameters, "pid");
    if (pid < 0 || pid > std::numeric_limits<pid_t>::max()) {
        return responder.error(ControlError::invalid_parameter, "'pid' is no process",
                               {{"parameter", "pid"}});
    }
    for (const auto& [unit, service] : context.manager.units().all()) {
        if (!service->run || !waits_for_name(*service->run, name)) continue;
        const auto news = service->run->set_name_owner(static_cast<pid_t>(pid));
        if (news) context.manager.note(unit, EventKind::name, *news);
    }
    responder.reply(Json::object());
}

constexpr std::array name_rows{MethodRow{Method::set_name_owner, set_name_owner}};

}  // namespace

void add_bus_name(Json& summary, const Service& service) {
    const auto& config = service.run ? service.run->unit().service : service.unit.service;
    if (config && !config->ready.bus_name.empty()) summary["bus_name"] = config->ready.bus_name;
}

std::span<const MethodRow> name_methods() {
    return name_rows;
}

}  // namespace confinit
