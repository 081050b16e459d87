// SPDX-License-Identifier: Apache-2.0
// Control methods that act on units: start, stop, restart, reload, reset-failed, kill, freeze,
// thaw.
#include "control/fields.h"
#include "supervisor/control/deputy.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

// Answers the call when its job is done. A failed start may come from a version that the caller
// does not expect, so that the notes go with both answers.
Manager::Done when_done(ControlContext& context, const Responder& responder,
                        const std::string& unit, Json notes) {
    return [&context, responder, unit, notes = std::move(notes)](engine::JobResult result,
                                                                 const std::string& reason) {
        if (result == engine::JobResult::done) return responder.reply({{"notes", notes}});
        const std::string why = reason.empty()
                                    ? std::string{engine::name(result)}
                                    : Disclosure{context, responder}.told(
                                          {.unit = unit, .kind = EventKind::job, .text = reason});
        responder.error(ControlError::job_failed, fmt::format("{}: {}", unit, why),
                        {{"unit", unit}, {"result", engine::name(result)}, {"notes", notes}});
    };
}

// Which version of the unit is taken, where that is not the one on disk.
Json version_notes(Manager& manager, Service& service, std::string_view verb) {
    std::string note = version_note(service.unit.name, manager.units().look_at_disk(service), verb);
    return note.empty() ? Json::array() : Json::array({std::move(note)});
}

// The unit of a request to start something. One whose file is gone and of which nothing is left is
// there no more.
Service* unit_to_start(ControlContext& context, const Call& call, const Responder& responder) {
    Service* service = named_unit(context, call, responder);
    if (service == nullptr) return nullptr;
    if (context.manager.units().look_at_disk(*service).state != OnDisk::gone) return service;
    if (!context.manager.units().forget(service->unit.name)) return service;
    return named_unit(context, call, responder);
}

// A caller that does not wait is told the number of the job, whose end is an event.
bool waits(const Call& call) {
    return bool_or(call.parameters, "wait", true);
}

using BeginJob = std::function<std::uint64_t(Manager::Done done)>;

void run_job(ControlContext& context, const Call& call, const Responder& responder,
             const std::string& unit, const Json& notes, const BeginJob& begin) {
    if (waits(call)) {
        (void)begin(when_done(context, responder, unit, notes));
    } else {
        const auto nobody_waits = [](engine::JobResult, const std::string&) {
        };
        responder.reply({{"notes", notes}, {"job", begin(nobody_waits)}});
    }
}

void start(ControlContext& context, const Call& call, Responder responder) {
    Service* service = unit_to_start(context, call, responder);
    if (service == nullptr) return;
    Manager& manager = context.manager;
    const std::string name = service->unit.name;
    const bool is_up = manager.state(name).active == engine::ActiveState::active;
    Json notes = is_up ? Json::array() : version_notes(manager, *service, "started");
    run_job(context, call, responder, name, notes, [&](Manager::Done done) {
        return manager.start(name, std::move(done), asker_of(call));
    });
}

void stop(ControlContext& context, const Call& call, Responder responder) {
    if (const Service* service = named_unit(context, call, responder)) {
        const std::string name = service->unit.name;
        run_job(context, call, responder, name, Json::array(), [&](Manager::Done done) {
            return context.manager.stop(name, std::move(done), asker_of(call));
        });
    }
}

void restart(ControlContext& context, const Call& call, Responder responder) {
    Service* service = unit_to_start(context, call, responder);
    if (service == nullptr) return;
    Manager& manager = context.manager;
    const std::string name = service->unit.name;
    Json notes = version_notes(manager, *service, "restarted");
    run_job(context, call, responder, name, notes, [&](Manager::Done done) {
        return manager.restart(name, std::move(done), asker_of(call));
    });
}

void reset_failed(ControlContext& context, const Call& call, Responder responder) {
    std::vector<std::string> names;
    if (find_field(call.parameters, "unit") != nullptr) {
        const Service* service = named_unit(context, call, responder);
        if (service == nullptr) return;
        names.push_back(service->unit.name);
    } else {
        for (const auto& [name, service] : context.manager.units().all()) {
            if (context.manager.state(name).active == engine::ActiveState::failed) {
                names.push_back(name);
            }
        }
    }
    for (const std::string& name : names)
        context.manager.reset_failed(name);
    responder.reply(Json::object());
}

void answer(const Responder& responder, const Status& status) {
    if (status) return responder.reply(Json::object());
    responder.error(ControlError::operation_failed, status.error().text());
}

// Gathering: answers a call when the last of several services has been signalled.
struct Gathering {
    Responder responder;
    std::vector<std::string> notes = {};
    std::size_t open = 1;  // the call's own
    Status status = {};

    void add_note(std::string note) {
        if (!note.empty() && std::ranges::find(notes, note) == notes.end())
            notes.push_back(std::move(note));
    }
    void take(const Status& one) {
        if (!one) status = one;
        if (--open > 0) return;
        if (status) return responder.reply({{"notes", notes}});
        responder.error(ControlError::operation_failed, status.error().text());
    }
};

// SIGKILL is the one signal that does not wait until a process is thawed.
std::string waiting_note(const Run& run, int signal) {
    const auto frozen = signal == SIGKILL ? std::nullopt : run.freeze_request();
    if (!frozen) return {};
    return fmt::format("{}: the signal waits for {}", frozen->text(run.unit().name),
                       frozen->way_out());
}

// The services that are below a group, each as it is signalled itself.
void signal_members(const Manager& manager, const std::string& group, int signal,
                    const std::shared_ptr<Gathering>& gathering) {
    for (const auto& [name, member] : manager.units().all()) {
        if (group_of(*member) != group) continue;
        if (member->group) signal_members(manager, name, signal, gathering);
        if (!member->run) continue;
        gathering->add_note(waiting_note(*member->run, signal));
        ++gathering->open;
        member->run->signal_all(signal, [gathering](const Status& sent) { gathering->take(sent); });
    }
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
    const auto gathering = std::make_shared<Gathering>(responder);
    if (service->group && whom == "all") {
        signal_members(context.manager, service->unit.name, number, gathering);
        return gathering->take({});
    }
    const Run* run = running(*service, responder);
    if (run == nullptr) return;
    gathering->add_note(waiting_note(*run, number));
    if (whom == "main") return gathering->take(run->signal_main(number));
    run->signal_all(number, [gathering](const Status& sent) { gathering->take(sent); });
}

std::string refusal_to_reload(const Service& service) {
    const std::string text =
        fmt::format("'{}' has no service.reload, the signal at which it reads its files again",
                    service.unit.name);
    if (!service.unit.service || !service.unit.service->reload_signal) return text;
    return text + " (the loaded unit has one, which a restart puts in force)";
}

void reload(ControlContext& context, const Call& call, Responder responder) {
    const Service* service = named_unit(context, call, responder);
    if (service == nullptr) return;
    const Run* run = running(*service, responder);
    if (run == nullptr) return;
    // One that starts may not handle the signal yet, and one that stops has something else to do.
    const engine::UnitState state = context.manager.state(service->unit.name);
    if (state.sub != engine::SubState::running) {
        return responder.error(
            ControlError::not_running,
            fmt::format("'{}' is {} ({}): it is told to reload while it runs", service->unit.name,
                        engine::name(state.active), engine::name(state.sub)),
            {{"unit", service->unit.name}});
    }
    const auto signal = run->unit().service->reload_signal;
    if (!signal) {
        return responder.error(ControlError::operation_failed, refusal_to_reload(*service));
    }
    Json notes = Json::array();
    if (std::string note = waiting_note(*run, *signal); !note.empty()) notes.push_back(note);
    const std::string name = service->unit.name;
    Manager& manager = context.manager;
    run_job(context, call, responder, name, notes, [&](Manager::Done done) {
        return manager.signal_reload(name, std::move(done), asker_of(call));
    });
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

constexpr std::array unit_rows{
    MethodRow{Method::start, start, Reads::unit},
    MethodRow{Method::stop, stop, Reads::new_unit},
    MethodRow{Method::restart, restart, Reads::unit},
    MethodRow{Method::reload, reload, Reads::new_unit},
    MethodRow{Method::kill, kill, Reads::new_unit},
    MethodRow{Method::reset_failed, reset_failed, Reads::new_unit},
    MethodRow{Method::freeze, freeze, Reads::new_unit},
    MethodRow{Method::thaw, thaw, Reads::new_unit},
};

}  // namespace

std::span<const MethodRow> unit_methods() {
    return unit_rows;
}

}  // namespace confinit
