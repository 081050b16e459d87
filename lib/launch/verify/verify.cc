// SPDX-License-Identifier: Apache-2.0
// Verify: reads a running service's confinement back from the kernel, item by item.
#include "launch/verify/verify.h"

#include "kernel/mount_namespace.h"
#include "launch/verify/parts.h"

#include "unit/keys.h"

#include <algorithm>
#include <iterator>

namespace confinit {
namespace {

// A service with a subtree may move on within it. Another one that has made a node below its own is
// within the limits of both.
VerifyResult compare_place(std::string_view path, std::string_view place, bool has_subtree,
                           const MountTable& own) {
    if (is_cgroup_path_of(path, place, own)) return VerifyResult::same;
    if (!is_cgroup_path_within(path, place, own)) return VerifyResult::differs;
    return has_subtree ? VerifyResult::same : VerifyResult::narrower;
}

void verify_node(const Unit& unit, const LaunchPlan& plan, const Fd& process, const Cgroup* node,
                 VerifyItems& items) {
    if (node == nullptr) {
        for (const CgroupSetting& setting : plan.limits) {
            items.push_back({setting.key(), setting.value, "no node", VerifyResult::differs});
        }
        return;
    }
    const auto own = MountTable::read_own();
    const auto path = read_cgroup_path(process);
    const bool has_subtree = unit.cgroup_place.delegate;
    const std::string place = has_subtree ? node->path() + "/" + delegated_node_name : node->path();
    items.push_back(
        {"cgroup", place, path ? *path : path.error().text(),
         own && path ? compare_place(*path, place, has_subtree, *own) : VerifyResult::differs});
    if (has_subtree) verify_subtree(unit, plan, *node, items);
    std::ranges::move(verify_limits(unit, plan.limits, *node), std::back_inserter(items));
}

void verify_mount_tables(const Unit& unit, const LaunchPlan& plan, const Fd& process,
                         VerifyItems& items) {
    if (plan->child.mounts.empty()) return;
    const auto service = read_mount_namespace(process);
    if (!service) return add_unread(items, "mounts", service.error());
    const auto host = MountTable::read_own();
    if (!host) return add_unread(items, "mounts", host.error());
    verify_mounts(unit, plan, *service, *host, items);
}

void verify_process_files(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                          const Fd& process, const Fd& own, VerifyItems& items) {
    const UserNamespacePlace place = user_namespace_place(unit, plan, process, own);
    const auto status = read_process_status(process);
    const auto own_status = read_process_status(own);
    if (status && own_status) {
        verify_status(unit, plan, *status, *own_status, items, place);
        verify_pid1(unit, *status, items);
    } else {
        add_unread(items, "service.user", status ? own_status.error() : status.error());
    }
    verify_namespaces(unit, plan, process, own, items);
    verify_mount_tables(unit, plan, process, items);
    verify_directories(unit, plan, items);
    if (status) verify_protection(unit, *status, items, place);
    const auto limits = read_process_limits(process);
    if (limits) {
        verify_limits(unit, plan, *limits, items);
    } else {
        add_unread(items, "process.rlimits", limits.error());
    }
    verify_scheduling(unit, plan, process, main_process, items);
}

}  // namespace

void add_unread(VerifyItems& items, std::string_view key, const Error& error) {
    items.push_back({std::string{key}, "to be read back", error.text(), VerifyResult::differs});
}

bool is_declared(const Unit& unit, std::string_view key) {
    return std::ranges::any_of(unit.declared, [&](const auto& declared) {
        return is_key_within(declared.first, key) || is_key_within(key, declared.first);
    });
}

std::string declared_text(const Unit& unit, std::string_view key, std::string fallback) {
    const auto declared = unit.declared.find(key);
    return declared == unit.declared.end() ? std::move(fallback) : declared->second;
}

std::vector<VerifyItem> verify_limits(const Unit& unit, const CgroupConfig& settings,
                                      const Cgroup& node) {
    VerifyItems items;
    for (const CgroupSetting& setting : settings) {
        items.push_back(verify_cgroup_file(unit, setting, node.read(setting.file)));
    }
    return items;
}

std::vector<VerifyItem> verify(const Unit& unit, const LaunchPlan& plan, pid_t main_process,
                               const Cgroup* node) {
    constexpr int most_tries = 8;
    const auto own = open_own_process();
    for (int tries = 1;; ++tries) {
        VerifyItems items;
        const auto thread = open_living_thread(main_process);
        if (!thread || !own) {
            add_unread(items, "service", thread ? own.error() : thread.error());
            return items;
        }
        verify_node(unit, plan, thread->directory, node, items);
        verify_process_files(unit, plan, thread->id, thread->directory, *own, items);
        // The files of a thread that ends meanwhile say nothing of the service.
        if (!is_ending(*thread) || tries == most_tries) return items;
    }
}

}  // namespace confinit
