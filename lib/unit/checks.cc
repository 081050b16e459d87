// SPDX-License-Identifier: Apache-2.0
// Checks of a whole unit: what single keys cannot know, such as that one key needs another.
#include "unit/checks.h"

#include "unit/protect_presets.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace confinit {
namespace {

// The tables that say how a process is confined, and so need one.
constexpr std::string_view process_tables[] = {"cgroup", "capabilities", "namespaces",
                                               "mounts", "seccomp",      "process"};

class UnitCheck {
public:
    UnitCheck(Unit& unit, ProblemList& problems) : unit_(unit), problems_(problems) {}

    void run() {
        check_dependencies();
        if (unit_.service) check_service(*unit_.service);
        if (!unit_.service) check_target();
        check_capabilities();
        check_cgroup();
        check_cgroup_place();
        check_namespaces();
        check_mounts();
        check_paths();
        check_protection();
        if (unit_.seccomp) check_seccomp(*unit_.seccomp);
        settle_oom_group();
        settle_subtree_size();
        check_optional();
        warn();
    }

private:
    bool is_given(std::string_view key) const { return unit_.locations.contains(key); }

    Problem problem(std::string_view key, std::string message) const {
        Problem problem{.key = std::string{key}, .message = std::move(message)};
        if (const auto found = unit_.locations.find(key); found != unit_.locations.end()) {
            problem.location = found->second;
        } else if (!unit_.files.empty()) {
            problem.location.file = unit_.files.front();
        }
        return problem;
    }

    void report(std::string_view key, std::string message) {
        problems_.add(problem(key, std::move(message)));
    }

    // For a key whose value decides; nobody knows the value of one that was refused already.
    void refuse(std::string_view key, std::string message) {
        if (!problems_.concerns(key)) report(key, std::move(message));
    }

    void warn(std::string_view key, std::string message) {
        unit_.warnings.push_back(problem(key, std::move(message)).text());
    }

    void check_dependencies() {
        std::set<std::string_view> needed;
        needed.insert(unit_.unit.requires_units.begin(), unit_.unit.requires_units.end());
        needed.insert(unit_.unit.wants.begin(), unit_.unit.wants.end());
        for (const std::string& name : unit_.unit.conflicts) {
            if (!needed.contains(name)) continue;
            refuse("unit.conflicts", quoted(name) + " is also needed by this unit");
        }
    }

    // What only a service can have of a tree.
    void check_cgroup_place() {
        const CgroupPlace& place = unit_.cgroup_place;
        if (!unit_.service) {
            for (const std::string_view key :
                 {"cgroup.delegate", "cgroup.threaded", "cgroup.memory_stall_timeout"}) {
                if (is_given(key)) refuse(key, "a group runs no process that this could apply to");
            }
        }
        if (!place.group.empty()) need_unit(place.group);
        if (place.delegate) check_delegation();
        if (place.threaded && !place.delegate) {
            refuse("cgroup.threaded",
                   "needs cgroup.delegate: it is the service's own subtree that "
                   "is threaded");
        }
        for (const std::string& controller : place.delegated_controllers) {
            if (!place.threaded || controller == "cpu" || controller == "cpuset" ||
                controller == "pids") {
                continue;
            }
            refuse("cgroup.delegate", quoted(controller) +
                                          " does not work in a threaded subtree: cpu, cpuset and "
                                          "pids do");
        }
    }

    bool is_root() const {
        const bool is_name =
            unit_.service && (unit_.service->user == "root" || unit_.service->user == "0");
        return is_name && !unit_.namespaces.user &&
               !joins_namespace(unit_.namespaces, NamespaceKind::user);
    }

    // To the kernel root is the owner of the limits above as well: it must not see them.
    void check_delegation() {
        if (joins_namespace(unit_.namespaces, NamespaceKind::user)) {
            refuse("cgroup.delegate",
                   "whose the subtree would be is not known in a joined user namespace");
        }
        if (joins_namespace(unit_.namespaces, NamespaceKind::cgroup)) {
            refuse("cgroup.delegate", "the subtree is not in a joined cgroup namespace");
        }
        if (is_root() && (!unit_.namespaces.cgroup || !unit_.namespaces.mount)) {
            refuse("cgroup.delegate",
                   "root could write the limits above its subtree: give it another user, a user "
                   "namespace, or namespaces.cgroup = true and namespaces.mount = true");
        }
    }

    // Root writes what it sees of the tree, and with these capabilities it sees what it wants.
    void warn_of_root() {
        constexpr CapabilityMask sys_ptrace = CapabilityMask{1} << 19;
        constexpr CapabilityMask sys_admin = CapabilityMask{1} << 21;
        if (unit_.cgroup.empty() || !unit_.service || !is_root()) return;
        const CapabilityMask held = unit_.capabilities.bounding.value_or(~CapabilityMask{0});
        const bool sees_host = (held & sys_ptrace) != 0 && !unit_.namespaces.pid;
        if (unit_.namespaces.mount && (held & sys_admin) == 0 && !sees_host) return;
        warn("cgroup",
             "root can raise its own limits in /sys/fs/cgroup: give it another user, or "
             "namespaces.mount = true without the capability sys_admin, and sys_ptrace only in a "
             "pid namespace");
    }

    void need_unit(const std::string& name) {
        for (auto* list : {&unit_.unit.requires_units, &unit_.unit.after}) {
            if (std::ranges::find(*list, name) == list->end()) list->push_back(name);
        }
    }

    // Files of the kernel of which one decides what the other says.
    void check_cgroup() {
        if (is_given("cgroup.cpu.weight") && is_given("cgroup.cpu.weight.nice")) {
            refuse("cgroup.cpu.weight.nice", "says the same as cpu.weight in other words");
        }
        for (const std::string_view key : {"cgroup.cpu.weight", "cgroup.cpu.weight.nice"}) {
            const auto idle = unit_.declared.find("cgroup.cpu.idle");
            if (idle == unit_.declared.end() || (idle->second != "true" && idle->second != "1")) {
                continue;
            }
            if (is_given(key)) refuse("cgroup.cpu.idle", "an idle group has no weight");
        }
        if (is_given("cgroup.cpu.max.burst") && !is_given("cgroup.cpu.max")) {
            refuse("cgroup.cpu.max.burst", "needs a cpu.max whose unused time it could be");
        }
    }

    void check_optional() {
        const auto& optional = unit_.unit.optional;
        for (std::size_t i = 0; i < optional.size(); ++i) {
            if (is_given(optional[i]) || problems_.concerns("unit.optional")) continue;
            warn("unit.optional[" + std::to_string(i) + "]",
                 quoted(optional[i]) + " is not in this unit anyway");
        }
    }

    // Without a service, [cgroup] makes a group of the unit, of which others are members.
    void check_target() {
        for (const std::string_view table : process_tables) {
            if (!is_given(table) || table == "cgroup") continue;
            report(table, "a unit without [service] runs no process that this could apply to");
        }
    }

    void check_service(ServiceConfig& service) {
        if (!is_given("service.command")) report("service", "'command' is missing");
        if (service.type == ServiceType::oneshot && service.restart == RestartMode::always) {
            refuse("service.restart", "a oneshot service that always restarts would never be done");
        }
        if (!is_given("service.restart_max_delay")) {
            service.restart_max_delay = std::max(service.restart_max_delay, service.restart_delay);
        }
        if (service.restart_max_delay < service.restart_delay) {
            refuse("service.restart_max_delay", "it is shorter than service.restart_delay");
        }
    }

    void check_capabilities() {
        const CapabilityConfig& capabilities = unit_.capabilities;
        if (problems_.concerns("capabilities") || !capabilities.bounding) return;
        if ((capabilities.ambient & ~*capabilities.bounding) != 0) {
            refuse("capabilities.ambient",
                   "it holds capabilities that are not in capabilities.bounding");
        }
    }

    void check_namespaces() {
        const bool has_uid_map = is_given("namespaces.user.uid_map");
        const bool has_gid_map = is_given("namespaces.user.gid_map");
        if (has_uid_map && !has_gid_map) {
            refuse("namespaces.user.uid_map", "needs a gid_map beside it");
        }
        if (has_gid_map && !has_uid_map) {
            refuse("namespaces.user.gid_map", "needs a uid_map beside it");
        }
        if (has_uid_map && is_given("namespaces.user.ids")) {
            refuse("namespaces.user.ids", "stands in place of uid_map and gid_map");
        }
        for (const JoinedNamespace& joined : unit_.namespaces.joined)
            need_joined_unit(joined);
    }

    // Its namespace is there only while it runs.
    void need_joined_unit(const JoinedNamespace& joined) {
        if (joined.unit.empty()) return;
        if (joined.unit == unit_.name) return refuse("namespaces", "a unit cannot join itself");
        need_unit(joined.unit);
    }

    void check_mounts() {
        MountConfig changes = unit_.mounts;
        if (changes.proc == ProcView::inherited) changes.proc.reset();
        if (changes.is_empty() || unit_.namespaces.mount) return;
        if (problems_.concerns("namespaces.mount")) return;
        for (const auto& [key, text] : unit_.declared) {
            const bool changes_nothing = text == "false" || text == "inherited" || text == "[]";
            if (key.starts_with("mounts.") && !changes_nothing) {
                refuse(key, "needs namespaces.mount = true");
            }
        }
    }

    // One path can have one kind of access, and one thing can be mounted on it.
    void check_paths() {
        std::map<std::string_view, std::string> seen;
        note(seen, "mounts.read_only", unit_.mounts.read_only);
        note(seen, "mounts.read_write", unit_.mounts.read_write);
        note(seen, "mounts.inaccessible", unit_.mounts.inaccessible);
        seen.clear();
        note(seen, "mounts.no_exec", unit_.mounts.no_exec);
        note(seen, "mounts.exec", unit_.mounts.exec);
        seen.clear();
        note(seen, "mounts.bind", unit_.mounts.bind, &BindMount::target);
        note(seen, "mounts.tmpfs", unit_.mounts.tmpfs, &TmpfsMount::target);
    }

    // With an element at fault the indices would not be those of the file.
    template <class List, class Projection = std::identity>
    void note(std::map<std::string_view, std::string>& seen, std::string_view key, const List& list,
              Projection projection = {}) {
        if (problems_.concerns(key)) return;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string& path = std::invoke(projection, list[i]);
            const std::string item = std::string{key} + "[" + std::to_string(i) + "]";
            const auto [other, is_first] = seen.emplace(path, item);
            if (!is_first) refuse(item, quoted(path) + " is listed already, as " + other->second);
        }
    }

    void check_protection() {
        if (unit_.capabilities.no_new_privs != false) return;
        for (const ProtectPreset* preset : unit_.mounts.protect) {
            if (preset->denied_calls.empty()) continue;
            refuse("capabilities.no_new_privs", "the system call filter of mounts.protect " +
                                                    quoted(preset->name) + " needs no_new_privs");
            return;
        }
    }

    void check_seccomp(const SeccompConfig& seccomp) {
        if (unit_.capabilities.no_new_privs == false) {
            refuse("capabilities.no_new_privs",
                   "a system call filter needs no_new_privs; without it, a setuid program would "
                   "run under a filter that it does not expect");
        }
        const SeccompActionKind kind = seccomp.default_action.kind;
        const bool forbids = kind != SeccompActionKind::allow && kind != SeccompActionKind::log;
        if (forbids && seccomp.allow.empty() && !problems_.concerns("seccomp")) {
            refuse("seccomp",
                   "by default every system call is forbidden and 'allow' names none, so that "
                   "nothing could run");
        }
    }

    // A service of which a part was killed is worse than one that is gone and restarts.
    void settle_oom_group() {
        if (!unit_.service) return;
        const auto limit = unit_.declared.find("cgroup.memory.max");
        if (limit == unit_.declared.end() || limit->second == "max") return;
        if (is_given("cgroup.memory.oom.group")) return;
        unit_.cgroup.push_back({"memory.oom.group", "1"});
    }

    // Groups cost kernel memory that is not the service's alone.
    void settle_subtree_size() {
        if (!unit_.cgroup_place.delegate) return;
        for (const auto& [file, value] :
             {std::pair{"cgroup.max.descendants", "1024"}, std::pair{"cgroup.max.depth", "32"}}) {
            if (!is_given(file)) unit_.cgroup.push_back({file, value});
        }
    }

    void warn() {
        warn_of_root();
        if (is_given("cgroup.memory.high") && !is_given("cgroup.memory.max")) {
            warn("cgroup.memory.high",
                 "without memory.max a service that needs more can stall for ever");
        }
        if (unit_.namespaces.pid && !unit_.namespaces.mount &&
            unit_.mounts.proc != ProcView::inherited) {
            warn("namespaces.pid",
                 "without namespaces.mount, /proc still shows the processes of the host");
        }
        if (unit_.namespaces.user && unit_.capabilities.ambient != 0) {
            warn("capabilities.ambient",
                 "in a user namespace capabilities count only for what belongs to it");
        }
    }

    Unit& unit_;
    ProblemList& problems_;
};

}  // namespace

bool is_group(const Unit& unit) {
    return !unit.service && unit.locations.contains("cgroup");
}

void check_unit(Unit& unit, ProblemList& problems) {
    UnitCheck{unit, problems}.run();
}

}  // namespace confinit
