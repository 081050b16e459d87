// SPDX-License-Identifier: Apache-2.0
// Control methods about the supervisor and its machine: introspection, reload, power, probe.
#include "control/fields.h"
#include "control/manager_interface.h"
#include "kernel/probe.h"
#include "supervisor/control/disclosure.h"
#include "supervisor/control/methods.h"
#include "supervisor/jobs/absent_units.h"

#include <array>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace confinit {
namespace {

void get_info(ControlContext&, const Call&, Responder responder) {
    responder.reply({
        {"vendor", "confinit"},
        {"product", "confinit"},
        {"version", CONFINIT_VERSION},
        {"url", ""},
        {"interfaces",
         Json(std::vector<std::string>(interface_names().begin(), interface_names().end()))},
    });
}

void get_interface_description(ControlContext&, const Call& call, Responder responder) {
    const std::string name = string_or(call.parameters, "interface");
    const auto description = find_interface_description(name);
    if (!description) {
        return responder.error(ControlError::interface_not_found,
                               fmt::format("no interface '{}'", name), {{"interface", name}});
    }
    responder.reply({{"description", *description}});
}

void daemon_reload(ControlContext& context, const Call&, Responder responder) {
    auto problems = context.manager.units().load_all();
    std::vector<std::string> notes = context.manager.units().files_not_read();
    for (const auto& [name, service] : context.manager.units().all()) {
        for (const std::string& absent : absent_dependencies(context.manager, service->unit))
            notes.push_back(absent);
        for (const std::string& edit : service->vain_edits)
            notes.push_back(edit);
        const engine::ActiveState active = context.manager.state(name).active;
        const bool is_up =
            active != engine::ActiveState::inactive && active != engine::ActiveState::failed;
        if (service->disk.state != OnDisk::gone || !is_up) continue;
        notes.push_back(
            fmt::format("{}: its file is gone; {} forgotten when it stops", name,
                        running_unit(*service) != nullptr ? "it runs on and is" : "it is"));
    }
    context.manager.note("", EventKind::units, "read again");
    const Disclosure disclosure{context, responder};
    for (std::vector<std::string>* texts : {&problems, &notes}) {
        for (std::string& text : *texts)
            text = disclosure.told(std::move(text));
    }
    responder.reply({{"problems", problems}, {"notes", notes}});
}

// The reply goes out first: the machine ends from the loop, not from here.
void power_off(ControlContext& context, const Call&, Responder responder) {
    responder.reply(Json::object());
    context.end_machine(FinalAct::power_off);
}

void reboot(ControlContext& context, const Call&, Responder responder) {
    responder.reply(Json::object());
    context.end_machine(FinalAct::reboot);
}

void halt(ControlContext& context, const Call&, Responder responder) {
    responder.reply(Json::object());
    context.end_machine(FinalAct::halt);
}

Result<Json> features() {
    Json features = Json::array();
    for (const Feature& feature : probe_kernel()) {
        features.push_back(
            {{"name", feature.name}, {"available", feature.available}, {"detail", feature.detail}});
    }
    return Json{{"features", features}};
}

void probe(ControlContext& context, const Call&, Responder responder) {
    answer_by_worker(context, responder, "probe", features);
}

void version(ControlContext& context, const Call&, Responder responder) {
    utsname names{};
    (void)uname(&names);
    responder.reply({
        {"version", CONFINIT_VERSION},
        {"pid", getpid()},
        {"mode", name(context.mode)},
        {"kernel", names.release},
        {"now_us", boot_time_microseconds(engine_now())},
    });
}

constexpr std::array machine_rows{
    MethodRow{Method::get_info, get_info},
    MethodRow{Method::get_interface_description, get_interface_description},
    MethodRow{Method::daemon_reload, daemon_reload, Reads::all},
    MethodRow{Method::power_off, power_off},
    MethodRow{Method::reboot, reboot},
    MethodRow{Method::halt, halt},
    MethodRow{Method::probe, probe},
    MethodRow{Method::version, version},
};

}  // namespace

std::span<const MethodRow> machine_methods() {
    return machine_rows;
}

}  // namespace confinit
