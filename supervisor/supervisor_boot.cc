// SPDX-License-Identifier: Apache-2.0
// The supervisor's boot: what it starts first, and what it does where there is nothing to start.
#include "supervisor/own_command.h"
#include "supervisor/supervisor.h"

#include <cstdlib>
#include <fmt/format.h>
#include <utility>

namespace confinit {

void Supervisor::boot() {
    if (!options_.command.empty()) return loop_->defer([this] { start_own_command(); });
    manager_->units().read_ahead({.look = {.names = {options_.target}, .all = true}},
                                 [this] { start_target(); });
}

void Supervisor::start_target() {
    load_units();
    const auto target = manager_->units().find(options_.target);
    if (target) return start_boot_unit();
    for (const std::string& problem : target.error().problems)
        console_.error(problem);
    if (mode_ == Mode::machine) return start_rescue();
    console_.error(fmt::format("there is no unit '{}' to run", options_.target));
    end_without_units();
}

// Nothing runs that would have to be stopped.
void Supervisor::end_without_units() {
    report_ = {.reason = EndReason::crash, .unit = options_.target, .code = EXIT_FAILURE};
    is_finished_ = true;
}

// A machine stays as it is after a boot that has failed, for a person to look at; whoever has
// started a container or a process looks at its exit status.
void Supervisor::start_boot_unit() {
    manager_->start(options_.target, [this](engine::JobResult result, const std::string& reason) {
        // A caller that stops the target while it starts has been answered.
        if (result == engine::JobResult::done || result == engine::JobResult::canceled) return;
        // With a service everything ends, and that is told.
        const Service* service = manager_->units().loaded(options_.target);
        if (service != nullptr && service->unit.service) return;
        const std::string why = reason.empty() ? "" : ": " + reason;
        console_.error(fmt::format("boot: {}: {}{}", options_.target, engine::name(result), why));
        const engine::SubState sub = manager_->state(options_.target).sub;
        if (mode_ == Mode::machine || ending_ || sub == engine::SubState::auto_restart) return;
        end_with(report_of_end(*manager_, options_.target), options_.end_act);
    });
}

void Supervisor::start_own_command() {
    manager_->units().add(own_command(options_.command, options_.directory));
    manager_->start(options_.target, [](engine::JobResult, const std::string&) {});
}

void Supervisor::start_rescue() {
    console_.error(
        fmt::format("no unit '{}' to boot: a rescue shell on the console", options_.target));
    Unit unit;
    unit.name = "rescue";
    unit.unit.description = "a shell, because there is nothing to boot";
    unit.service.emplace();
    unit.service->command = {"/bin/sh"};
    unit.service->tty = "/dev/console";
    unit.service->restart = RestartMode::always;
    unit.service->is_operator = true;
    manager_->units().add(std::move(unit));
    manager_->start("rescue", [](engine::JobResult, const std::string&) {});
}

void Supervisor::load_units() {
    for (const std::string& problem : manager_->units().load_all())
        console_.error(problem);
}

}  // namespace confinit
