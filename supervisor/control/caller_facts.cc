// SPDX-License-Identifier: Apache-2.0
// CallerFacts of a process, and those of the supervisor, gathered from /proc and from the units.
#include "supervisor/control/caller_facts.h"

#include "kernel/mount_table.h"
#include "kernel/peer.h"
#include "supervisor/jobs/manager.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace confinit {
namespace {

Walls walls_of(const ProcessFacts& facts) {
    return {.permitted = facts.status.capabilities.permitted,
            .user_namespace = facts.user_namespace,
            .filters = facts.status.seccomp_filters};
}

// The walls that the launch of the unit has given to its first process, and those that we are
// within ourselves.
Result<Walls> given_walls(const Run& run) {
    Walls walls = TRY(supervisor_facts()).walls;
    const LaunchPlan& plan = run.plan();
    walls.permitted &= plan->expected_capabilities.permitted;
    if (!plan->child.filter.empty()) ++walls.filters;
    const NamespaceConfig& namespaces = run.unit().namespaces;
    if (namespaces.user || joins_namespace(namespaces, NamespaceKind::user)) {
        const Fd main = TRY(open_process(run.main_pid()));
        walls.user_namespace = TRY(read_namespace(main, "user"));
    }
    return walls;
}

Result<Home> home_in(const Service& service) {
    Home home{.kind = Home::Kind::unit, .name = service.unit.name};
    const Run* run = service.run.get();
    // The unit may have been loaded again meanwhile; its run is as it began.
    home.is_operator = run != nullptr && run->unit().service->is_operator;
    if (home.is_operator) home.given = TRY(given_walls(*run));
    return home;
}

// The unit of "/web.slice/back.service/delegated", a path below our own root.
std::string_view unit_of(std::string_view path) {
    constexpr std::string_view suffix = ".service";
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view name = path.substr(0, path.find('/'));
        if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
        path.remove_prefix(name.size());
    }
    return {};
}

// A process that calls: a descriptor of its /proc/PID, by which all of it is read, and its facts.
struct CallingProcess {
    const Fd& directory;
    ProcessFacts facts;

    pid_t pid() const { return facts.status.ns_pids.front(); }
};

// User 0 may write the cgroup.procs of every node, whatever it is confined to, so that being in the
// node of a unit does not make a process one of the unit's.
Result<bool> is_of_run(const CallingProcess& process, const Run& run) {
    if (process.pid() == run.main_pid()) return true;
    const auto ancestors = TRY(read_ancestors(process.directory, run.main_pid()));
    return std::ranges::find(ancestors, run.main_pid()) != ancestors.end();
}

Result<Home> home_in_node_of(const Service& service, const CallingProcess& process) {
    Home home = TRY(home_in(service));
    if (!home.is_operator || TRY(is_of_run(process, *service.run))) return home;
    return Home{
        .kind = Home::Kind::unknown,
        .name = fmt::format("in the node of '{}', and does not descend from its main process",
                            service.unit.name)};
}

// PID 1 stays in the node that it has moved itself into.
Result<std::string> own_node() {
    static std::string known;
    if (!known.empty()) return known;
    const Fd process = TRY(open_own_process());
    known = TRY(read_cgroup_path(process));
    return known;
}

Result<Home> home_by_node(const Manager& manager, const CgroupTree& tree,
                          const CallingProcess& process) {
    const std::string& path = process.facts.cgroup;
    // A path that begins so leads out of our cgroup namespace.
    if (path.starts_with("/..")) return Home{.kind = Home::Kind::outside};
    const std::string node = tree.mount() + (path == "/" ? "" : path);
    const std::string& root = tree.root().path();
    if (!path.empty() && !is_within(node, root)) return Home{.kind = Home::Kind::outside};
    const bool is_ours = !path.empty() && (node == root || path == TRY(own_node()));
    if (is_ours) return Home{.kind = Home::Kind::supervisor};
    const std::string below = path.empty() ? "" : node.substr(root.size());
    const auto found = manager.units().all().find(unit_of(below));
    if (found != manager.units().all().end()) return home_in_node_of(*found->second, process);
    return Home{.kind = Home::Kind::unknown, .name = fmt::format("in node '{}'", path)};
}

// Where there are no nodes, what is of a service descends from us, and nothing else does in a
// container. On a machine everybody does, but the first of a unit's processes is known.
Result<Home> home_by_ancestors(const Manager& manager, const CallingProcess& process) {
    pid_t child = process.pid();
    for (const pid_t ancestor : TRY(read_ancestors(process.directory))) {
        if (ancestor != getpid()) {
            child = ancestor;
            continue;
        }
        for (const auto& [name, service] : manager.units().all()) {
            if (service->run && service->run->main_pid() == child) return home_in(*service);
        }
        return Home{.kind = Home::Kind::unknown,
                    .name = fmt::format("below process {}, which a service has left", child)};
    }
    return Home{.kind = Home::Kind::outside};
}

Result<CallerFacts> caller_facts(const Fd& directory, const Manager& manager) {
    const CgroupTree* tree = manager.machinery().tree;
    CallerFacts caller;
    const CallingProcess process{directory, TRY(read_process_facts(directory))};
    caller.home = TRY(tree != nullptr ? home_by_node(manager, *tree, process)
                                      : home_by_ancestors(manager, process));
    caller.uid = process.facts.status.uid[1];
    caller.walls = walls_of(process.facts);
    return caller;
}

Result<SupervisorFacts> read_supervisor_facts() {
    const Fd process = TRY(open_own_process());
    const ProcessStatus status = TRY(read_process_status(process));
    SupervisorFacts facts{.uid = status.uid[1]};
    facts.walls.permitted = status.capabilities.permitted;
    facts.walls.filters = status.seccomp_filters;
    facts.walls.user_namespace = TRY(read_namespace(process, "user"));
    return facts;
}

}  // namespace

// A process alone can change these of itself, and PID 1 has done so before it listens.
Result<SupervisorFacts> supervisor_facts() {
    static std::optional<SupervisorFacts> known;
    if (!known) known = TRY(read_supervisor_facts());
    return *known;
}

std::expected<void, std::string> check_caller(const PeerProcess& process,
                                              const SupervisorFacts& supervisor,
                                              const Manager& manager) {
    const auto unknown = [](const Error& error) {
        return std::unexpected("nothing certain can be told of the caller: " + error.text());
    };
    const auto directory = process.open_directory();
    if (!directory) return unknown(directory.error());
    const auto caller = caller_facts(*directory, manager);
    if (!caller) return unknown(caller.error());
    if (const auto allowed = check_operator(*caller, supervisor); !allowed) {
        return std::unexpected(allowed.error().text());
    }
    return {};
}

}  // namespace confinit
