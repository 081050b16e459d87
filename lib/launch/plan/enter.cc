// SPDX-License-Identifier: Apache-2.0
// The plan of a command that enters a running service: confined like it, in its namespaces.
#include "launch/namespace_table.h"
#include "launch/plan/executable.h"
#include "launch/plan/parts.h"
#include "launch/plan/program_search.h"

#include "base/text.h"

#include <string_view>

namespace confinit {
namespace {

constexpr std::string_view default_command = "/bin/sh";

// The mounts are the service's already; for looking paths up they are planned once more and then
// left out.
Result<ServiceView> view_of_running(const Unit& unit, const LaunchContext& context) {
    PlanDraft draft;
    TRY(apply_mounts(unit, context, draft));
    return make_service_view(LaunchPlan{std::move(draft)});
}

// Nothing is mounted for those who enter: a failed execve(2) is explained by it.
void note_root(const Unit& unit, PlanDraft& plan) {
    const MountConfig& mounts = unit.mounts;
    if (mounts.root) plan.child.root = keep(plan, *mounts.root);
    if (mounts.root_image) plan.child.image_mount_point = keep(plan, *mounts.root_image);
}

Status apply_command(const Unit& unit, const LaunchContext& context, const EnterRequest& request,
                     PlanDraft& plan) {
    plan.arguments = request.command;
    if (plan.arguments.empty()) plan.arguments.emplace_back(default_command);
    const ServiceView view = TRY(view_of_running(unit, context));
    plan.executable = TRY(find_program(plan.arguments[0], plan.environment, view));
    const std::string directory = unit.service->working_directory.value_or("/");
    const Lookup found = view.find(directory);
    // A directory in a file system of the service's own cannot be seen from here; it was there
    // when the service began in it.
    const bool is_gone =
        found.presence == Lookup::Presence::absent ||
        (found.presence == Lookup::Presence::present && !S_ISDIR(found.status.st_mode));
    if (is_gone) return {};
    return apply_working_directory(unit, plan);
}

void set_term(const std::string& term, std::vector<std::string>& environment) {
    if (term.empty()) return;
    std::erase_if(environment,
                  [](const std::string& variable) { return variable.starts_with("TERM="); });
    environment.push_back("TERM=" + term);
}

void join_namespaces(const Unit& unit, ChildDraft& child) {
    std::uint64_t flags = new_namespaces(unit.namespaces);
    for (const JoinedNamespace& joined : unit.namespaces.joined)
        flags |= namespace_row(joined.kind).flag;
    child.join_flags = static_cast<int>(flags);
    child.fork_into_pid_namespace = (flags & CLONE_NEWPID) != 0;
}

// Root with all that the service's namespaces give; of the confinement only these are left.
Result<Identity> privileged_identity(const Unit& unit) {
    const NamespaceConfig& namespaces = unit.namespaces;
    const bool has_root = outside_id(namespaces.uid_map, 0) && outside_id(namespaces.gid_map, 0);
    if (!namespaces.uid_map.empty() && !has_root) {
        return std::unexpected(
            Error{.key = "namespaces.user",
                  .object = "0",
                  .hint = "--privileged is user 0, to which the id maps give no place"});
    }
    Identity identity;
    identity.name = "root";
    identity.groups = {0};
    identity.home = "/root";
    return identity;
}

Status apply_privileged(const LaunchContext& context, PlanDraft& plan) {
    plan.child.last_capability = last_capability(kernel_capabilities());
    plan.child.keep_all_capabilities = true;
    plan.child.bounding = context.capabilities;
    plan.expected_capabilities = sets_after_exec({.uid = 0, .bounding = context.capabilities});
    return {};
}

Status apply_privileges(const Unit& unit, const LaunchContext& context, bool privileged,
                        PlanDraft& plan) {
    if (privileged) return apply_privileged(context, plan);
    TRY(apply_capabilities(unit, context, plan));
    return apply_filter(unit, context, plan);
}

}  // namespace

Result<LaunchPlan> make_enter_plan(const Unit& unit, const LaunchContext& context, int pidfd,
                                   const EnterRequest& request) {
    if (!unit.service) {
        return std::unexpected(
            Error{.key = "service", .object = unit.name, .hint = "there is no service to enter"});
    }
    PlanDraft plan;
    plan.unit = unit.name;
    plan.join_pidfd = pidfd;
    Identity identity;
    if (request.privileged) {
        identity = TRY(privileged_identity(unit));
    } else {
        const UserDatabase database = TRY(load_user_database(unit));
        identity = TRY(resolve_identity(unit, context, database));
    }
    TRY(apply_identity(unit, context, identity, plan));
    TRY(apply_privileges(unit, context, request.privileged, plan));
    apply_process_limits(unit, plan);
    join_namespaces(unit, plan.child);
    note_root(unit, plan);
    plan.environment = make_environment(unit, identity);
    set_term(request.term, plan.environment);
    TRY(apply_command(unit, context, request, plan));
    // The maps of the service's namespace stand already.
    plan.uid_map.clear();
    plan.gid_map.clear();
    return LaunchPlan{std::move(plan)};
}

}  // namespace confinit
