// SPDX-License-Identifier: Apache-2.0
// Control methods that act on one unit: start, stop, restart, kill, freeze, thaw.
#include "control/fields.h"
#include "control_methods.h"

#include <array>
#include <csignal>
#include <fmt/format.h>

namespace confinit {
namespace {

// Answers the call when its job is done.
Manager::Done when_done(const Responder& responder, const std::string& unit) {
    return [responder, unit](engine::JobResult result, const std::string& reason) {
        if (result == engine::JobResult::done) return responder.reply(Json::object());
        const std::string why = reason.empty() ? std::string{engine::name(result)} : reason;
        responder.error(ControlError::job_failed, fmt::format("{}: {}", unit, why),
                        {{"unit", unit}, {"result", engine::name(result)}});
    };
}

void start(ControlContext& context, const Call& call, Responder responder) {
    if (const Service* service = named_unit(context, call, responder)) {
        context.manager.start(service->unit.name, when_done(responder, service->unit.name));
    }
}

void stop(ControlContext& context, const Call& call, Responder responder) {
    if (const Service* service = named_unit(context, call, responder)) {
        context.manager.stop(service->unit.name, when_done(responder, service->unit.name));
    }
}

void restart(ControlContext& context, const Call& call, Responder responder) {
    if (const Service* service = named_unit(context, call, responder)) {
        context.manager.restart(service->unit.name, when_done(responder, service->unit.name));
    }
}

void answer(const Responder& responder, const Status& status) {
    if (status) return responder.reply(Json::object());
    responder.error(ControlError::operation_failed, status.error().what);
}

// The services that are below a group, each as it is signalled itself.
Status signal_members(const Manager& manager, const std::string& group, int signal) {
    Status result;
    for (const auto& [name, member] : manager.all()) {
        if (member->unit.cgroup_place.group != group) continue;
        Status sent;
        if (member->group) sent = signal_members(manager, name, signal);
        if (member->run) sent = member->run->signal_all(signal);
        if (!sent) result = std::move(sent);
    }
    return result;
}

void kill(ControlContext& context, const Call& call, Responder responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    const auto signal = integer_or(call.parameters, "signal", SIGTERM);
    const std::string whom = string_or(call.parameters, "whom", "all");
    if (signal < 1 || signal > SIGRTMAX) {
        return responder.error(ControlError::invalid_parameter,
                               fmt::format("there is no signal {}", signal),
                               {{"parameter", "signal"}});
    }
    const int number = static_cast<int>(signal);
    if (service->group && whom == "all") {
        return answer(responder, signal_members(context.manager, service->unit.name, number));
    }
    const Run* run = running(*service, responder);
    if (run == nullptr) return;
    answer(responder, whom == "main" ? run->signal_main(number) : run->signal_all(number));
}

void set_frozen(ControlContext& context, const Call& call, const Responder& responder,
                bool frozen) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    const auto done = [responder](const Status& status) {
        answer(responder, status);
    };
    if (service->group) return service->group->freeze(frozen, done);
    Run* run = running(*service, responder);
    if (run != nullptr) run->freeze(frozen, done);
}

void freeze(ControlContext& context, const Call& call, Responder responder) {
    set_frozen(context, call, responder, true);
}

void thaw(ControlContext& context, const Call& call, Responder responder) {
    set_frozen(context, call, responder, false);
}

constexpr std::array rows{
    MethodRow{Method::start, Authority::root, start},
    MethodRow{Method::stop, Authority::root, stop},
    MethodRow{Method::restart, Authority::root, restart},
    MethodRow{Method::kill, Authority::root, kill},
    MethodRow{Method::freeze, Authority::root, freeze},
    MethodRow{Method::thaw, Authority::root, thaw},
};

}  // namespace

std::span<const MethodRow> unit_methods() {
    return rows;
}

}  // namespace confinit
