// SPDX-License-Identifier: Apache-2.0
// Program: the file that a service executes, its arguments, environment and working directory.
#include "launch/plan/executable.h"
#include "launch/plan/parts.h"
#include "launch/plan/program_search.h"

#include "base/text.h"
#include "unit/directory_kinds.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void set_variable(std::vector<std::string>& environment, const std::string& name,
                  std::string_view value) {
    const std::string prefix = name + "=";
    const auto present = std::ranges::find_if(
        environment, [&](const std::string& variable) { return variable.starts_with(prefix); });
    std::string variable = prefix + std::string{value};
    if (present == environment.end()) {
        environment.push_back(std::move(variable));
        return;
    }
    *present = std::move(variable);
}

// NOTIFY_SOCKET and its kin are the supervisor's own business with whoever has started it.
bool is_of_supervisor(std::string_view name) {
    constexpr std::array<std::string_view, 7> names{
        "NOTIFY_SOCKET", "WATCHDOG_PID",   "WATCHDOG_USEC", "LISTEN_PID",
        "LISTEN_FDS",    "LISTEN_FDNAMES", "INVOCATION_ID"};
    return std::ranges::find(names, name) != names.end();
}

// The planner has the environment that the supervisor was started with.
void pass_environment(const Unit& unit, std::vector<std::string>& environment) {
    const auto& wanted = unit.service->pass_environment;
    if (wanted.empty()) return;
    const bool is_all = std::ranges::find(wanted, "*") != wanted.end();
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        const std::size_t end = variable.find('=');
        if (end == std::string_view::npos) continue;
        const std::string name{variable.substr(0, end)};
        const bool is_named = std::ranges::find(wanted, name) != wanted.end();
        if (is_named || (is_all && !is_of_supervisor(name)))
            set_variable(environment, name, variable.substr(end + 1));
    }
}

// Such links of a procfs lead to whatever a process has open, outside of any root.
bool leads_through_process(std::string_view path) {
    constexpr std::array<std::string_view, 4> links{"fd", "cwd", "root", "map_files"};
    const auto parts = split(path, '/');
    if (parts.size() > 2 && parts[1] == "dev" && parts[2] == "fd") return true;
    if (parts.size() < 2 || parts[1] != "proc") return false;
    return std::ranges::any_of(parts, [&](std::string_view part) {
        return std::ranges::find(links, part) != links.end();
    });
}

// The one command of a supervisor is found as a shell finds it, in the supervisor's own root.
Status find_own_command(const ServiceConfig& service, PlanDraft& plan) {
    const ServiceView host = make_service_view(LaunchPlan{PlanDraft{}});
    auto found = find_program(service.command[0], plan.environment, host);
    if (!found) {
        found.error().key = "service.command";
        return std::unexpected(std::move(found).error());
    }
    plan.executable = std::move(*found);
    if (!plan.executable.starts_with('/'))
        plan.executable = service.working_directory.value_or("/") + "/" + plan.executable;
    return {};
}

}  // namespace

Status apply_program(const Unit& unit, PlanDraft& plan) {
    const ServiceConfig& service = *unit.service;
    plan.arguments = service.command;
    plan.executable = service.command[0];
    if (service.own_streams != OwnStreams::none) return find_own_command(service, plan);
    if (!plan.executable.starts_with('/')) {
        return std::unexpected(Error{.key = "service.command[0]",
                                     .object = plan.executable,
                                     .hint = "it must be an absolute path; PATH is not searched"});
    }
    if (service.tty) plan.child.tty = keep(plan, *service.tty);
    return {};
}

std::vector<std::string> make_environment(const Unit& unit, const Identity& identity) {
    std::vector<std::string> environment;
    set_variable(environment, "PATH", default_path);
    set_variable(environment, "HOME", identity.home);
    set_variable(environment, "SHELL", identity.shell);
    if (identity.name) {
        set_variable(environment, "USER", *identity.name);
        set_variable(environment, "LOGNAME", *identity.name);
    }
    for (const DirectoryKind& kind : directory_kinds) {
        std::string paths;
        const auto& list = unit.directories.*kind.list;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (unit.leaves_out(indexed(kind.key, i))) continue;
            paths.append(paths.empty() ? "" : ":").append(kind.base).append("/");
            paths.append(list[i].name);
        }
        if (!paths.empty()) set_variable(environment, std::string{kind.variable}, paths);
    }
    pass_environment(unit, environment);
    for (const auto& [name, value] : unit.service->environment) {
        set_variable(environment, name, value);
    }
    return environment;
}

Status apply_working_directory(const Unit& unit, PlanDraft& plan) {
    const std::string directory = unit.service->working_directory.value_or("/");
    if (!directory.starts_with('/') || leads_through_process(directory)) {
        return std::unexpected(Error{
            .key = "service.working_directory",
            .object = directory,
            .hint = "it must be an absolute path that does not lead through a process's files"});
    }
    plan.child.working_directory = keep(plan, directory);
    return {};
}

}  // namespace confinit
