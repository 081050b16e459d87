// SPDX-License-Identifier: Apache-2.0
// The parent's part of a launch: what only it may do to the child, and why the kernel refused one.
#include "launch/spawn/parent_part.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/proc_status.h"
#include "kernel/procfs.h"
#include "kernel/scheduling.h"
#include "launch/spawn/launch_hints.h"
#include "launch/spawn/process_limits.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {

namespace {

// "kernel.apparmor_restrict_unprivileged_userns is 1", empty where the kernel has no such file.
std::string present_value(const std::string& sysctl) {
    std::string path = "/proc/sys/" + sysctl;
    std::ranges::replace(path.begin() + 10, path.end(), '.', '/');
    const auto value = read_file(AT_FDCWD, path, 4096);
    if (!value) return {};
    return sysctl + " is " + std::string{trim(*value)};
}

std::string present_values(std::span<const std::string> sysctls) {
    std::vector<std::string> values;
    for (const std::string& sysctl : sysctls) {
        if (std::string value = present_value(sysctl); !value.empty()) {
            values.push_back(std::move(value));
        }
    }
    return join(values, ", ");
}

std::string user_namespace_values() {
    const std::array<std::string, 3> sysctls{"user.max_user_namespaces",
                                             "kernel.apparmor_restrict_unprivileged_userns",
                                             "kernel.unprivileged_userns_clone"};
    return present_values(sysctls);
}

struct NamespaceLimit {
    std::uint64_t flag;
    std::string_view key;
    std::string_view sysctl;
};
constexpr std::array<NamespaceLimit, 7> namespace_limits{{
    {CLONE_NEWUSER, "namespaces.user", "user.max_user_namespaces"},
    {CLONE_NEWPID, "namespaces.pid", "user.max_pid_namespaces"},
    {CLONE_NEWNS, "namespaces.mount", "user.max_mnt_namespaces"},
    {CLONE_NEWNET, "namespaces.net", "user.max_net_namespaces"},
    {CLONE_NEWIPC, "namespaces.ipc", "user.max_ipc_namespaces"},
    {CLONE_NEWUTS, "namespaces.uts", "user.max_uts_namespaces"},
    {CLONE_NEWCGROUP, "namespaces.cgroup", "user.max_cgroup_namespaces"},
}};

// The kernel does not say which of the wanted namespaces is one too many.
Error too_many_namespaces(const LaunchPlan& plan) {
    std::vector<std::string> sysctls;
    std::string key = "namespaces";
    for (const NamespaceLimit& limit : namespace_limits) {
        if ((plan->clone_flags & limit.flag) == 0) continue;
        sysctls.emplace_back(limit.sysctl);
        key = sysctls.size() == 1 ? limit.key : "namespaces";
    }
    return {.key = key,
            .call = "clone3",
            .error = ENOSPC,
            .hint = "no further namespace is allowed: " + present_values(sysctls)};
}

Error clone_failure(std::string key, int error, std::string hint) {
    return {.key = std::move(key), .call = "clone3", .error = error, .hint = std::move(hint)};
}

Error not_permitted(const LaunchPlan& plan) {
    if ((plan->clone_flags & CLONE_NEWUSER) != 0) {
        return clone_failure("namespaces.user", EPERM,
                             "no user namespace may be made: " + user_namespace_values());
    }
    Error failure = clone_failure("namespaces", EPERM, "the supervisor lacks CAP_SYS_ADMIN");
    advise_namespace(present_user(), failure);
    return failure;
}

Error from_error(std::string key, std::string object, std::string call, Error error) {
    return {.key = std::move(key),
            .object = std::move(object),
            .call = std::move(call),
            .error = error.error,
            .hint = error.error == 0       ? error.text()
                    : error.error == EXDEV ? "something else is mounted over it"
                                           : std::string{}};
}

std::string map_hint(int error) {
    if (error == EPERM) {
        return "the supervisor may not map these ids (CAP_SETUID, CAP_SETGID): " +
               user_namespace_values();
    }
    if (error == EINVAL) return "the ranges overlap, or an id of them does not exist here";
    return {};
}

Status write_map(const Fd& process, const std::string& file, const std::string& text) {
    auto written = write_in_procfs(process, file, text);
    if (written) return {};
    std::string range{trim(text)};
    std::ranges::replace(range, '\n', ',');
    Error failure = from_error("namespaces.user." + file, file + " = " + range, "write",
                               std::move(written).error());
    if (failure.hint.empty()) failure.hint = map_hint(failure.error);
    return std::unexpected(std::move(failure));
}

Status write_id_maps(const LaunchPlan& plan, const Fd& process) {
    if (plan->uid_map.empty()) return {};
    if (plan->deny_setgroups) {
        auto denied = write_in_procfs(process, "setgroups", "deny");
        if (!denied) {
            return std::unexpected(from_error("namespaces.user.setgroups", "setgroups = deny",
                                              "write", std::move(denied).error()));
        }
    }
    TRY(write_map(process, "uid_map", plan->uid_map.str()));
    return write_map(process, "gid_map", plan->gid_map.str());
}

// Only what the child cannot do: it lowers the limits to their exact values itself.
Status lift_hard_limits(const LaunchPlan& plan, pid_t child) {
    for (std::size_t i = 0; i < plan->child.rlimit_values.size(); ++i) {
        const auto resource = static_cast<__rlimit_resource>(plan->child.rlimit_resources[i]);
        rlimit64 present{};
        int result = prlimit64(child, resource, nullptr, &present);
        if (result == 0 && plan->child.rlimit_values[i].rlim_max > present.rlim_max) {
            present.rlim_max = plan->child.rlimit_values[i].rlim_max;
            result = prlimit64(child, resource, &present, nullptr);
        }
        if (result == 0) continue;
        Error failure{.call = "prlimit64", .error = errno};
        if (i < plan->rlimit_keys.size()) failure.key = plan->rlimit_keys[i].str();
        if (failure.error == EPERM) failure.hint = "the supervisor lacks CAP_SYS_RESOURCE";
        return std::unexpected(std::move(failure));
    }
    return {};
}

Error priority_failure(std::string key, std::string object, std::string call) {
    return {.key = std::move(key),
            .object = std::move(object),
            .call = std::move(call),
            .error = errno,
            .hint = errno == EPERM ? "the supervisor lacks CAP_SYS_NICE" : ""};
}

Status set_scheduling_of(const ChildPlanIn<Sealed>& wanted, pid_t child) {
    const sched_param parameter{.sched_priority = wanted.scheduling_priority};
    if (wanted.scheduling_policy >= 0 &&
        sched_setscheduler(child, wanted.scheduling_policy, &parameter) < 0) {
        return std::unexpected(
            priority_failure("process.scheduling",
                             scheduling_text(wanted.scheduling_policy, wanted.scheduling_priority),
                             "sched_setscheduler"));
    }
    if (wanted.io_priority >= 0 &&
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, child, wanted.io_priority) < 0) {
        return std::unexpected(priority_failure(
            "process.io_priority", io_priority_text(wanted.io_priority), "ioprio_set"));
    }
    return {};
}

Status set_priorities(const LaunchPlan& plan, const Fd& process, pid_t child) {
    const ChildPlanIn<Sealed>& wanted = plan->child;
    TRY(set_scheduling_of(wanted, child));
    if (wanted.sets_nice && setpriority(PRIO_PROCESS, static_cast<id_t>(child), wanted.nice) < 0) {
        return std::unexpected(Error{.key = "process.nice",
                                     .object = std::to_string(wanted.nice),
                                     .call = "setpriority",
                                     .error = errno});
    }
    if (wanted.oom_score_adj == nullptr) return {};
    auto written = write_in_procfs(process, "oom_score_adj", wanted.oom_score_adj.c_str());
    if (written) return {};
    return std::unexpected(from_error("process.oom_score_adj", wanted.oom_score_adj.c_str(),
                                      "write", std::move(written).error()));
}

}  // namespace

Status do_parent_part(const LaunchPlan& plan, pid_t child) {
    auto process = open_process(child);
    if (!process) {
        const std::string key = plan->uid_map.empty() ? "process" : "namespaces.user";
        return std::unexpected(from_error(key, "/proc", "open", std::move(process).error()));
    }
    TRY(write_id_maps(plan, *process));
    if (!plan->child.limits_by_parent) return {};
    TRY(set_priorities(plan, *process, child));
    return lift_hard_limits(plan, child);
}

Status move_into_node(const LaunchPlan& plan, int node, pid_t child) {
    auto moved = write_file(node, "cgroup.procs", std::to_string(child));
    if (moved) return {};
    Error failure = explain_clone(plan, node, moved.error().error);
    failure.key = "cgroup";
    failure.object = "cgroup.procs";
    failure.call = "write";
    return std::unexpected(std::move(failure));
}

Error explain_clone(const LaunchPlan& plan, int node, int error) {
    switch (error) {
    case ENOSPC:
        return too_many_namespaces(plan);
    case EPERM:
        return not_permitted(plan);
    case EAGAIN:
        return explain_no_process(node);
    case EBUSY:
        return clone_failure("cgroup", error,
                             "the node distributes controllers (cgroup.subtree_control) and so may "
                             "hold no process itself");
    case EACCES:
        return clone_failure("cgroup", error,
                             "the supervisor may not write the node's cgroup.procs");
    case ENOENT:
    case ENODEV:
        return clone_failure("cgroup", error, "the node has been removed");
    case EOPNOTSUPP:
        return clone_failure("cgroup", error, "the node's cgroup.type is 'domain invalid'");
    case ENOMEM:
        return clone_failure({}, error, "there is no memory for another process");
    case ENOSYS:
        return clone_failure({}, error,
                             "the kernel is older than Linux 5.7, or a filter forbids it");
    default:
        return clone_failure({}, error, {});
    }
}

}  // namespace confinit
