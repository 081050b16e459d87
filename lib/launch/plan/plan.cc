// SPDX-License-Identifier: Apache-2.0
// LaunchPlan: a Unit resolved against this machine, owning all that the ChildPlan borrows.
#include "launch/plan/plan.h"

#include "launch/plan/executable.h"
#include "launch/plan/lost_power.h"
#include "launch/plan/parts.h"

#include <cerrno>

namespace confinit {

const char* keep(LaunchPlan& plan, std::string text) {
    plan.strings.push_back(std::make_unique<std::string>(std::move(text)));
    return plan.strings.back()->c_str();
}

void bind_child_plan(LaunchPlan& plan) {
    plan.argv.clear();
    for (std::string& argument : plan.arguments)
        plan.argv.push_back(argument.data());
    plan.argv.push_back(nullptr);
    plan.envp.clear();
    for (std::string& variable : plan.environment)
        plan.envp.push_back(variable.data());
    plan.envp.push_back(nullptr);

    ChildPlan& child = plan.child;
    child.executable = plan.executable.c_str();
    child.argv = plan.argv.data();
    child.envp = plan.envp.data();
    child.groups = plan.groups;
    child.rlimit_values = plan.rlimit_values;
    child.rlimit_resources = plan.rlimit_resources;
    child.mounts = plan.mount_ops;
    child.preparations = plan.preparations;
    child.joins = plan.join_descriptors;
    child.filter = plan.filter;
    child.cpu_affinity = plan.cpu_affinity;
}

LaunchResult<std::unique_ptr<LaunchPlan>> make_launch_plan(const Unit& unit,
                                                           const LaunchContext& context) {
    if (!unit.service || unit.service->command.empty()) {
        return std::unexpected(LaunchFailure{
            .key = "service.command", .object = unit.name, .hint = "there is nothing to run"});
    }
    const SharedHostLook one_look;
    auto plan = std::make_unique<LaunchPlan>();
    plan->unit = unit.name;
    const UserDatabase database = TRY(load_user_database(unit));
    const Identity identity = TRY(resolve_identity(unit, context, database));
    TRY(apply_identity(unit, context, identity, *plan));
    if (auto left_out = find_groups_left_out(unit, database, identity)) {
        plan->warnings.push_back(std::move(*left_out));
    }
    TRY(apply_namespaces(unit, context, *plan));
    TRY(apply_joins(unit, context, *plan));
    TRY(apply_capabilities(unit, context, *plan));
    TRY(apply_filter(unit, context, *plan));
    TRY(apply_cgroup(unit, context, *plan));
    apply_process_limits(unit, *plan);
    TRY(apply_directories(unit, database, *plan));
    TRY(apply_mounts(unit, context, *plan));
    plan->environment = make_environment(unit, identity);
    apply_readiness(unit, context, *plan);
    TRY(apply_program(unit, *plan));
    TRY(apply_working_directory(unit, *plan));
    bind_child_plan(*plan);
    const ServiceView view = make_service_view(*plan, FileSystems::local);
    if (auto fault = find_executable_fault(*plan, view)) return std::unexpected(std::move(*fault));
    if (auto lost = find_lost_power(*plan, view)) plan->warnings.push_back(std::move(*lost));
    return plan;
}

}  // namespace confinit
