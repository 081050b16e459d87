// SPDX-License-Identifier: Apache-2.0
// Verify: reads a running service's confinement back from the kernel, item by item.
#include "launch/verify.h"

#include "launch/plan_parts.h"
#include "launch/verify_parts.h"

#include <array>
#include <linux/sched.h>

namespace confinit {
namespace {

struct NamespaceRow {
    std::uint64_t flag;
    std::string_view link;
    std::string_view key;
};

constexpr std::array namespace_rows{
    NamespaceRow{CLONE_NEWNS, "mnt", "namespaces.mount"},
    NamespaceRow{CLONE_NEWPID, "pid", "namespaces.pid"},
    NamespaceRow{CLONE_NEWNET, "net", "namespaces.net"},
    NamespaceRow{CLONE_NEWIPC, "ipc", "namespaces.ipc"},
    NamespaceRow{CLONE_NEWUTS, "uts", "namespaces.uts"},
    NamespaceRow{CLONE_NEWCGROUP, "cgroup", "namespaces.cgroup"},
    NamespaceRow{CLONE_NEWUSER, "user", "namespaces.user"},
};

// What could not be read, as an item that differs.
void add_unread(VerifyItems& items, std::string_view key, const Error& error) {
    items.push_back({std::string{key}, "to be read back", error.what, false});
}

void verify_node(const Unit& unit, const LaunchPlan& plan, const Fd& process, const Cgroup* node,
                 VerifyItems& items) {
    if (node == nullptr) {
        for (const CgroupSetting& setting : plan.cgroup) {
            items.push_back({"cgroup." + setting.file, setting.value, "no node", false});
        }
        return;
    }
    const auto own = MountTable::read_own();
    const auto path = read_cgroup_path(process);
    items.push_back({"cgroup", node->path(), path ? *path : path.error().what,
                     own && path && is_cgroup_path_of(*path, node->path(), *own)});
    for (const CgroupSetting& setting : plan.cgroup) {
        items.push_back(verify_cgroup_file(unit, setting, node->read(setting.file)));
    }
}

VerifyItem compare_namespace(const Unit& unit, const NamespaceRow& row, const Fd& process,
                             const Fd& own) {
    const bool is_new = (new_namespaces(unit.namespaces) & row.flag) != 0;
    VerifyItem item;
    item.key = row.key;
    item.declared = is_new ? "a new one" : "the supervisor's";
    const auto theirs = read_namespace(process, row.link);
    const auto ours = read_namespace(own, row.link);
    if (!theirs || !ours) {
        item.in_force = theirs ? ours.error().what : theirs.error().what;
        return item;
    }
    const bool differs = *theirs != *ours;
    item.in_force = (differs ? "its own, " : "the supervisor's, ") + *theirs;
    item.same = differs == is_new;
    return item;
}

void verify_scheduling(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                       VerifyItems& items) {
    const auto score = read_oom_score_adj(process);
    const std::string wanted_score = std::to_string(unit.process.oom_score_adj);
    items.push_back({"process.oom_score_adj", wanted_score,
                     score ? std::to_string(*score) : score.error().what,
                     score && *score == unit.process.oom_score_adj});
    if (plan.child.nice == nullptr) return;
    const auto nice = read_nice(process);
    items.push_back({"process.nice", std::to_string(plan.nice),
                     nice ? std::to_string(*nice) : nice.error().what, nice && *nice == plan.nice});
}

void verify_mount_tables(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                         VerifyItems& items) {
    if (plan.mount_ops.empty()) return;
    const auto service = MountTable::read(process);
    if (!service) return add_unread(items, "mounts", service.error());
    const auto host = MountTable::read_own();
    if (!host) return add_unread(items, "mounts", host.error());
    verify_mounts(unit, plan, *service, *host, items);
}

void verify_process_files(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                          const Fd& own, VerifyItems& items) {
    const auto status = read_process_status(process);
    const auto own_status = read_process_status(own);
    if (status && own_status) {
        verify_status(unit, plan, *status, *own_status, items);
    } else {
        add_unread(items, "service.user", status ? own_status.error() : status.error());
    }
    for (const NamespaceRow& row : namespace_rows) {
        items.push_back(compare_namespace(unit, row, process, own));
    }
    verify_mount_tables(unit, plan, process, items);
    if (status) verify_protection(unit, *status, items);
    const auto limits = read_process_limits(process);
    if (limits) {
        verify_limits(unit, plan, *limits, items);
    } else {
        add_unread(items, "process.rlimits", limits.error());
    }
    verify_scheduling(unit, plan, process, items);
}

}  // namespace

std::string declared_text(const Unit& unit, std::string_view key, std::string fallback) {
    const auto declared = unit.declared.find(key);
    return declared == unit.declared.end() ? std::move(fallback) : declared->second;
}

std::vector<VerifyItem> verify(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                               const Cgroup* node) {
    VerifyItems items;
    const auto process = open_process(main_process);
    const auto own = open_own_process();
    if (!process || !own) {
        add_unread(items, "service", process ? own.error() : process.error());
        return items;
    }
    verify_node(unit, plan, *process, node, items);
    verify_process_files(unit, plan, *process, *own, items);
    return items;
}

}  // namespace confinit
