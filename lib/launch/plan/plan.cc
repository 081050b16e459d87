// SPDX-License-Identifier: Apache-2.0
// The plan of a launch, put together from its parts.
#include "launch/plan/plan.h"

#include "launch/plan/executable.h"
#include "launch/plan/first_look.h"
#include "launch/plan/lost_power.h"
#include "launch/plan/parts.h"
#include "launch/plan/witnesses.h"

#include "base/look_note.h"

#include <cerrno>

namespace confinit {

std::string indexed(std::string_view key, std::size_t index) {
    return std::string{key} + "[" + std::to_string(index) + "]";
}

const char* keep(PlanDraft& plan, std::string text) {
    plan.texts.push_back(std::make_unique<std::string>(std::move(text)));
    return plan.texts.back()->c_str();
}

namespace {

Result<PlanDraft> make_draft(const Unit& unit, const LaunchContext& context) {
    PlanDraft plan;
    plan.unit = unit.name;
    const NamespaceConfig& namespaces = unit.namespaces;
    plan.ids = {namespaces.uid_map, namespaces.gid_map, namespaces.allow_setgroups};
    const UserDatabase database = TRY(load_user_database(unit));
    const Identity identity = TRY(resolve_identity(unit, context, database));
    TRY(apply_identity(unit, context, identity, plan));
    if (auto left_out = find_groups_left_out(unit, database, identity)) {
        plan.warnings.push_back(std::move(*left_out));
    }
    TRY(apply_namespaces(unit, context, plan));
    TRY(apply_joins(unit, context, plan));
    TRY(apply_capabilities(unit, context, plan));
    TRY(apply_filter(unit, context, plan));
    TRY(apply_cgroup(unit, context, plan));
    apply_process_limits(unit, plan);
    TRY(apply_directories(unit, context, database, plan));
    TRY(apply_mounts(unit, context, plan));
    plan.environment = make_environment(unit, identity);
    apply_readiness(unit, context, plan);
    TRY(apply_program(unit, plan));
    TRY(apply_working_directory(unit, plan));
    return plan;
}

// A launch makes and removes some paths of the host itself; they tell nothing.
void leave_out_own(const Plan& plan, const LaunchContext& context, PlanWitnesses& witnesses) {
    witnesses.leave_out(context.notify_root);
    if (!context.cgroup_mount.empty()) witnesses.leave_out(context.cgroup_mount);
    for (const Preparation& preparation : plan.child.preparations) {
        if (preparation.kind != Preparation::Kind::directory) continue;
        witnesses.leave_out_prepared(directory_path(preparation.base, preparation.path));
    }
}

}  // namespace

Result<LaunchPlan> make_launch_plan(const Unit& unit, const LaunchContext& context) {
    if (!unit.service || unit.service->command.empty()) {
        return std::unexpected(Error{
            .key = "service.command", .object = unit.name, .hint = "there is nothing to run"});
    }
    PlanWitnesses witnesses;
    // A child in another user namespace cannot tell all of them, and a namespace that is joined is
    // that of one run.
    if (unit.namespaces.user || !unit.namespaces.joined.empty()) keep_no_plan();
    const SharedHostLook one_look;
    LaunchPlan plan{TRY(make_draft(unit, context))};
    const ServiceView view = make_service_view(plan);
    note_key("service.command[0]");
    if (auto fault = find_executable_fault(plan, view)) return std::unexpected(std::move(*fault));
    if (auto lost = find_lost_power(plan, view)) plan.warnings.push_back(std::move(*lost));
    leave_out_own(*plan, context, witnesses);
    plan.witnesses = witnesses.seal();
    // These looks decide nothing, and are no witnesses.
    take_first_look(plan, view);
    plan.serves_once = !witnesses.may_serve_again();
    return plan;
}

}  // namespace confinit
