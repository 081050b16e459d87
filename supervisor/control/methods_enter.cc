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

constexpr std::array account_variables{"HOME", "SHELL", "USER", "LOGNAME"};

std::vector<std::pair<std::string, std::string>> account_variables_of(const LaunchPlan& plan) {
    std::vector<std::pair<std::string, std::string>> variables;
    for (const auto& text : plan->environment) {
        const std::string_view variable = text.c_str();
        const std::string_view name = variable.substr(0, variable.find('='));
        if (std::ranges::find(account_variables, name) == account_variables.end()) continue;
        variables.emplace_back(name, variable.substr(name.size() + 1));
    }
    return variables;
}

// The unit with the ids of its run in place of names. /etc/passwd may say another id by now, and a
// command in the run is to be no more than the run. An ordinary user's supervisor has no others.
Unit unit_as_it_runs(const Run& run, const LaunchContext& context) {
    Unit unit = run.unit();
    if (context.fixed_identity || !unit.service) return unit;
    const LaunchPlan& plan = run.plan();
    unit.service->user = std::to_string(plan->child.uid);
    unit.service->group = std::to_string(plan->child.gid);
    unit.service->supplementary_groups.clear();
    for (const gid_t group : plan->child.groups) {
        if (group != plan->child.gid)
            unit.service->supplementary_groups.push_back(std::to_string(group));
    }
    auto variables = account_variables_of(plan);
    unit.service->environment.insert(unit.service->environment.begin(), variables.begin(),
                                     variables.end());
    return unit;
}

// The planner was asked for a command in one run of a unit.
struct PlannedEntry {
    std::string unit;
    std::uint64_t run_number;
    std::optional<TerminalSize> terminal;
    EnterWay way;
};

void on_planned(ControlContext& context, const PlannedEntry& wanted, Result<LaunchPlan> plan,
                const Responder& responder) {
    if (!plan) return responder.error(ControlError::operation_failed, plan.error().text());
    const auto found = context.manager.units().all().find(wanted.unit);
    const bool is_same_run = found != context.manager.units().all().end() && found->second->run &&
                             found->second->run_number == wanted.run_number;
    if (!is_same_run) {
        return responder.error(ControlError::not_running,
                               fmt::format("'{}' has ended meanwhile", wanted.unit),
                               {{"unit", wanted.unit}});
    }
    if (std::string why = context.enter_sessions.refusal(wanted.way); !why.empty())
        return responder.error(ControlError::busy, std::move(why));
    context.enter_sessions.start(*found->second->run, std::move(*plan), wanted.terminal, wanted.way,
                                 responder);
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
    const PlannedEntry wanted{service->unit.name, service->run_number, terminal,
                              call.upgrade ? EnterWay::frames : EnterWay::descriptors};
    Machinery& machinery = context.manager.machinery();
    const Planner::Id question =
        plan_enter(machinery.planner, machinery.launch_context,
                   {unit_as_it_runs(*run, machinery.launch_context),
                    run->main_process().pidfd().get(), std::move(request)},
                   [&context, wanted, responder](Result<LaunchPlan> plan) {
                       on_planned(context, wanted, std::move(plan), responder);
                   });
    responder.on_hang_up([&machinery, question] { machinery.planner.cancel(question); });
}

constexpr std::array enter_rows{MethodRow{Method::enter, enter, Reads::new_unit}};

}  // namespace

std::span<const MethodRow> enter_methods() {
    return enter_rows;
}

}  // namespace confinit
