// SPDX-License-Identifier: Apache-2.0
// The functions behind the methods of the control interface: control/methods.h says who may call.
#include "supervisor/control/methods.h"

#include "control/fields.h"
#include "control/manager_interface.h"
#include "control/unit_parameter.h"
#include "supervisor/control/disclosure.h"

#include <ctime>
#include <fmt/format.h>
#include <unistd.h>

namespace confinit {

const MethodRow* find_method(std::string_view name) {
    for (const auto rows :
         {unit_methods(), status_methods(), list_methods(), readiness_methods(), event_methods(),
          filter_methods(), machine_methods(), enter_methods(), set_methods(), name_methods()}) {
        for (const MethodRow& row : rows) {
            if (method_names.name(row.method) == name) return &row;
        }
    }
    return nullptr;
}

void refuse_unknown_method(const Call& call, const Responder& responder) {
    const std::string interface = call.method.substr(0, call.method.rfind('.'));
    if (find_interface_description(interface)) {
        return responder.error(ControlError::method_not_found,
                               fmt::format("no method '{}'", call.method),
                               {{"method", call.method}});
    }
    responder.error(ControlError::interface_not_found, fmt::format("no interface '{}'", interface),
                    {{"interface", interface}});
}

std::int64_t boot_time_microseconds(engine::Time time) {
    // The clocks differ by the time that the machine was suspended for. That they are read one
    // after another is nothing to tell: the same time has to give the same number each time.
    constexpr std::int64_t grain = 10'000;
    const std::int64_t engine_time = engine_now().count();
    timespec now{};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    const std::int64_t suspended = now.tv_sec * 1'000'000 + now.tv_nsec / 1000 - engine_time;
    return time.count() + suspended / grain * grain;
}

namespace {

std::optional<ReadAhead> reading_for(const ControlContext& context, Reads reads, const Call& call) {
    const std::string unit = unit_parameter(call.parameters);
    const bool is_known = context.manager.units().all().contains(unit);
    switch (reads) {
    case Reads::nothing:
        return std::nullopt;
    case Reads::new_unit:
        if (unit.empty() || is_known) return std::nullopt;
        return ReadAhead{.look = {.names = {unit}}};
    case Reads::unit:
        if (unit.empty()) return std::nullopt;
        return ReadAhead{.look = {.names = {unit}}};
    case Reads::all:
        return ReadAhead{.look = {.all = true}};
    }
    return std::nullopt;
}

void refuse_unit(ControlContext& context, const std::string& unit, UnitRefused refused,
                 const Responder& responder) {
    const Disclosure disclosure{context, responder};
    for (std::string& problem : refused.problems) {
        if (refused.exists) problem = disclosure.told(std::move(problem));
    }
    const std::string first = refused.problems.empty() ? "" : refused.problems.front();
    if (refused.exists) {
        return responder.error(ControlError::invalid_unit,
                               fmt::format("the unit '{}' does not load: {}", unit, first),
                               {{"unit", unit}, {"problems", refused.problems}});
    }
    responder.error(
        refused.is_unknown ? ControlError::operation_failed : ControlError::no_such_unit,
        first.empty() ? fmt::format("there is no unit '{}'", unit) : first, {{"unit", unit}});
}

}  // namespace

Service* named_unit(ControlContext& context, const Call& call, const Responder& responder) {
    const std::string unit = unit_parameter(call.parameters);
    auto found = context.manager.units().find(unit);
    if (found) return *found;
    refuse_unit(context, unit, std::move(found.error()), responder);
    return nullptr;
}

std::shared_ptr<Service> looked_at_unit(ControlContext& context, const Call& call,
                                        const Responder& responder) {
    const std::string unit = unit_parameter(call.parameters);
    auto found = context.manager.units().look(unit);
    if (found) return std::move(*found);
    // It may be known from a time when the file was another one.
    if (found.error().exists && !Disclosure{context, responder}.is_full()) {
        found.error().problems = {std::string{problems_are_hidden}};
    }
    refuse_unit(context, unit, std::move(found.error()), responder);
    return nullptr;
}

UnitLook::UnitLook(const Manager& manager, std::shared_ptr<const Service> service)
    : manager_(&manager), name_(service->unit.name) {
    if (service.use_count() > 0) own_ = std::move(service);
}

Result<const Service*> UnitLook::service() const {
    if (own_) return own_.get();
    const auto found = manager_->units().all().find(name_);
    if (found == manager_->units().all().end()) return failure(fmt::format("'{}' is gone", name_));
    return found->second.get();
}

namespace {

// The account of a worker. Root that is no operator, in a service or at the door of those who look,
// has no part in the seats that are kept for operators.
uid_t account_of(const Caller& caller) {
    constexpr uid_t nobody = 65534;
    if (caller.is_operator) return 0;
    return caller.uid == 0 || caller.uid == geteuid() ? nobody : caller.uid;
}

}  // namespace

namespace {

Payer payer_for(ControlContext& context, const Responder& responder) {
    return [&context, responder](const std::function<void()>& work) {
        context.server.run_metered(responder, work);
    };
}

std::uint64_t stops_of(const ControlContext& context, const Call& call) {
    const auto found = context.manager.units().all().find(unit_parameter(call.parameters));
    return found == context.manager.units().all().end() ? 0 : found->second->stops_asked;
}

}  // namespace

void run_method(ControlContext& context, const MethodRow& row, Call call, Responder responder) {
    auto reading = reading_for(context, row.reads, call);
    const Caller* caller = context.server.find_caller(responder.connection());
    if (!reading || caller == nullptr) return row.run(context, call, responder);
    reading->account = account_of(*caller);
    reading->payer = payer_for(context, responder);
    const std::uint64_t stops = stops_of(context, call);
    context.manager.units().read_ahead(
        std::move(*reading), [&context, &row, call = std::move(call), responder, stops] {
            const bool is_start = row.method == Method::start || row.method == Method::restart;
            if (is_start && stops_of(context, call) != stops) {
                return responder.error(ControlError::job_failed, "canceled: a stop came later",
                                       {{"unit", unit_parameter(call.parameters)},
                                        {"result", engine::name(engine::JobResult::canceled)},
                                        {"notes", Json::array()}});
            }
            context.server.run_metered(responder, [&] { row.run(context, call, responder); });
        });
}

void answer_by_worker(ControlContext& context, const Responder& responder, std::string name,
                      Look look, std::move_only_function<std::vector<int>()> descriptors,
                      std::function<Json()> otherwise, Clock::duration patience) {
    const Caller* caller = context.server.find_caller(responder.connection());
    if (caller == nullptr) return;
    Workers& workers = context.manager.machinery().workers;
    WorkerTask task{.work = [look = std::move(look)]() mutable -> Result<std::string> {
                        return dump(TRY(look()));
                    },
                    .descriptors = std::move(descriptors)};
    const Workers::Id id =
        workers.run({.name = std::move(name),
                     .uid = account_of(*caller),
                     .task = std::move(task),
                     .patience = patience,
                     .payer = payer_for(context, responder)},
                    [responder, otherwise](Result<std::string> answer) {
                        if (answer) return responder.reply_text(*answer);
                        if (otherwise) return responder.reply(otherwise());
                        responder.error(ControlError::operation_failed, answer.error().text());
                    });
    responder.on_hang_up([&workers, id] { workers.cancel(id); });
}

const Run* running(const Service& service, const Responder& responder) {
    if (service.run && service.run->main_pid() != 0) return service.run.get();
    responder.error(ControlError::not_running,
                    fmt::format("'{}' is not running", service.unit.name),
                    {{"unit", service.unit.name}});
    return nullptr;
}

Run* running(Service& service, const Responder& responder) {
    const Service& same = service;
    return running(same, responder) == nullptr ? nullptr : service.run.get();
}

}  // namespace confinit
