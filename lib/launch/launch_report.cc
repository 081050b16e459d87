// SPDX-License-Identifier: Apache-2.0
// The child's report in the words of promise two: key, object, call, errno and one hint.
#include "launch/launch_report.h"

#include "base/bit_list.h"
#include "kernel/capability_set.h"
#include "kernel/scheduling.h"
#include "kernel/syscall_sets.h"
#include "launch/executable.h"

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <sys/syscall.h>

namespace confinit {

namespace {

struct StageText {
    LaunchStage stage;
    std::string_view text;
    std::string_view key;
    const char* ChildPlan::* object = nullptr;
};
constexpr std::array<StageText, launch_stage_count> stage_texts{{
    {LaunchStage::id_maps, "wait for its id maps", "namespaces.user"},
    {LaunchStage::scheduling, "set its priorities", "process", &ChildPlan::oom_score_adj},
    {LaunchStage::terminal, "open its terminal", "service.tty", &ChildPlan::tty},
    {LaunchStage::streams, "place its standard streams", ""},
    {LaunchStage::time_namespace, "make its time namespace", "namespaces.time",
     &ChildPlan::time_offsets},
    {LaunchStage::join_namespaces, "join its namespaces", "namespaces"},
    {LaunchStage::pid_namespace, "fork into its pid namespace", "namespaces.pid"},
    {LaunchStage::cgroup_namespace, "make its cgroup namespace", "namespaces.cgroup"},
    {LaunchStage::mounts, "set up the mounts", "mounts"},
    {LaunchStage::hostname, "set its host name", "namespaces.uts", &ChildPlan::hostname},
    {LaunchStage::network, "bring up the loopback interface", "namespaces.net"},
    {LaunchStage::reaper, "fork below the reaper", "namespaces.pid"},
    {LaunchStage::session, "begin its session", "service.tty", &ChildPlan::tty},
    {LaunchStage::keyring, "give it a session keyring", "process.keyring"},
    {LaunchStage::rlimits, "set its limits", "process.rlimits"},
    {LaunchStage::join_user, "join its user namespace", "namespaces.user"},
    {LaunchStage::bounding, "limit its capabilities", "capabilities.bounding"},
    {LaunchStage::groups, "change its groups", "service.group"},
    {LaunchStage::user, "change its user", "service.user"},
    {LaunchStage::ambient, "give it its capabilities", "capabilities.ambient"},
    {LaunchStage::working_directory, "enter its working directory", "service.working_directory",
     &ChildPlan::working_directory},
    {LaunchStage::umask, "set its umask", "process.umask"},
    {LaunchStage::descriptors, "close its descriptors", ""},
    {LaunchStage::no_new_privs, "forbid new privileges", "capabilities.no_new_privs"},
    {LaunchStage::reaper_ready, "wait for its reaper", "namespaces.pid"},
    {LaunchStage::announce, "announce its execution", ""},
    {LaunchStage::seccomp, "load the system call filter", "seccomp"},
    {LaunchStage::exec, "execute its program", "service.command[0]"},
}};

consteval bool is_in_order() {
    for (std::size_t index = 0; index < stage_texts.size(); ++index) {
        if (static_cast<std::size_t>(stage_texts[index].stage) != index) return false;
    }
    return true;
}
static_assert(is_in_order(), "every stage has its text, in the order of LaunchStage");

// A row fits a failure when its stage does, and its call where it names one.
struct Hint {
    LaunchStage stage;
    int error;
    long call;
    std::string_view text;
};
constexpr long any_call = -1;
constexpr auto hints = std::to_array<Hint>({
    {LaunchStage::scheduling, EACCES, SYS_setpriority, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, EPERM, SYS_setpriority, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, EPERM, SYS_sched_setscheduler,
     "the supervisor lacks CAP_SYS_NICE, or the cgroup has no realtime runtime"},
    {LaunchStage::scheduling, EPERM, SYS_ioprio_set, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, ENOSYS, SYS_ioprio_set, "this kernel has no CONFIG_BLOCK"},
    {LaunchStage::scheduling, EINVAL, SYS_sched_setaffinity,
     "a CPU of the list is not there, or not in the cpuset of the service"},
    {LaunchStage::scheduling, EACCES, any_call, "the supervisor lacks CAP_SYS_RESOURCE"},
    {LaunchStage::scheduling, ENODEV, any_call, "what is mounted on /proc is no procfs"},
    {LaunchStage::terminal, ENOENT, any_call, "the host has no such terminal"},
    {LaunchStage::terminal, EIO, any_call, "the terminal has no device behind it"},
    {LaunchStage::session, EPERM, SYS_ioctl, "the terminal belongs to another session"},
    {LaunchStage::session, ENOTTY, SYS_ioctl, "service.tty is no terminal"},
    {LaunchStage::time_namespace, ENOSPC, any_call, "user.max_time_namespaces is reached"},
    {LaunchStage::time_namespace, ERANGE, any_call,
     "the clock of the namespace would begin before zero, or in more than 146 years"},
    {LaunchStage::time_namespace, EINVAL, SYS_unshare,
     "this kernel has no time namespaces (CONFIG_TIME_NS)"},
    {LaunchStage::time_namespace, EPERM, any_call, "the supervisor lacks CAP_SYS_TIME"},
    {LaunchStage::join_user, EINVAL, any_call, "it is the supervisor's own"},
    {LaunchStage::join_namespaces, ESRCH, any_call, "the service has ended"},
    {LaunchStage::join_namespaces, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN there"},
    {LaunchStage::pid_namespace, ENOMEM, any_call, "the first process of the namespace has ended"},
    {LaunchStage::cgroup_namespace, ENOSPC, any_call, "user.max_cgroup_namespaces is reached"},
    {LaunchStage::hostname, EPERM, any_call, "the uts namespace is not the service's own"},
    {LaunchStage::reaper, EAGAIN, any_call, "cgroup.pids.max leaves no room for the reaper"},
    {LaunchStage::keyring, ENOSYS, any_call, "this kernel has no keyrings (CONFIG_KEYS)"},
    {LaunchStage::keyring, EPERM, any_call, "a filter on the supervisor forbids keyrings"},
    {LaunchStage::keyring, EDQUOT, any_call, "kernel.keys.root_maxkeys is reached"},
    {LaunchStage::rlimits, EPERM, any_call,
     "the supervisor lacks CAP_SYS_RESOURCE, and the limit is above its own hard one"},
    {LaunchStage::rlimits, EINVAL, any_call, "the soft limit is above the hard one"},
    {LaunchStage::bounding, EPERM, any_call, "the supervisor lacks CAP_SETPCAP"},
    {LaunchStage::bounding, EINVAL, any_call, "this kernel does not know the capability"},
    {LaunchStage::groups, EPERM, any_call,
     "the supervisor lacks CAP_SETGID, or setgroups is denied"},
    {LaunchStage::groups, EINVAL, any_call, "the user namespace does not map the group"},
    {LaunchStage::user, EPERM, any_call, "the supervisor lacks CAP_SETUID"},
    {LaunchStage::user, EINVAL, any_call, "the user namespace does not map the user"},
    {LaunchStage::user, EAGAIN, any_call, "the user's RLIMIT_NPROC is reached"},
    {LaunchStage::ambient, EPERM, SYS_capset, "the supervisor does not have it itself"},
    {LaunchStage::ambient, EPERM, any_call,
     "it is not in the bounding set, or securebits forbid to raise it"},
    {LaunchStage::working_directory, ENOENT, SYS_getcwd,
     "the directory is outside of the service's root"},
    {LaunchStage::working_directory, ENOENT, any_call,
     "there is no such directory in the service's root"},
    {LaunchStage::working_directory, EACCES, any_call, "the service's user may not enter it"},
    {LaunchStage::working_directory, ELOOP, any_call,
     "a magic link of /proc is on the way, or too many symbolic links"},
    {LaunchStage::descriptors, EPERM, any_call, "the supervisor lacks CAP_SYS_RESOURCE"},
    {LaunchStage::seccomp, EACCES, any_call, "a filter needs no_new_privs or CAP_SYS_ADMIN"},
    {LaunchStage::seccomp, EINVAL, any_call, "this kernel does not accept the filter"},
    {LaunchStage::seccomp, ENOMEM, any_call, "the filters of the process are too long together"},
});

struct MountHint {
    LaunchReport::Object object;
    int error;
    long call;
    std::string_view text;
};
constexpr auto mount_hints = std::to_array<MountHint>({
    {LaunchReport::Object::target, ENOENT, any_call,
     "there is no such path in the service's root; create it or remove the key"},
    {LaunchReport::Object::source, ENOENT, any_call,
     "there is no such path on the host; create it or remove the key"},
    {LaunchReport::Object::target, ENOTDIR, SYS_move_mount,
     "a directory can only be mounted on a directory, a file on a file"},
    {LaunchReport::Object::target, ELOOP, any_call,
     "a magic link of /proc is on the way, or too many symbolic links"},
    {LaunchReport::Object::source, ELOOP, any_call,
     "a magic link of /proc is on the way, or too many symbolic links"},
    {LaunchReport::Object::source, ENODEV, SYS_fstat,
     "the host has another device under this name"},
    {LaunchReport::Object::target, ENODEV, SYS_fsopen, "this kernel has no such file system"},
    {LaunchReport::Object::target, EPERM, SYS_fsconfig,
     "in a user namespace a new procfs needs the present one to be wholly visible"},
    {LaunchReport::Object::target, EPERM, SYS_fsmount,
     "in a user namespace a new procfs needs the present one to be wholly visible"},
    {LaunchReport::Object::source, EINVAL, SYS_open_tree,
     "mounts below it may not be left out in a user namespace; use recursive = true"},
    {LaunchReport::Object::target, EROFS, any_call,
     "its directory is read-only, so that the mount point cannot be made"},
    {LaunchReport::Object::target, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN"},
    {LaunchReport::Object::source, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN"},
});

bool has_stage(const LaunchReport& report) {
    return static_cast<std::size_t>(report.stage) < launch_stage_count;
}

const StageText& row_of(LaunchStage stage) {
    return stage_texts[static_cast<std::size_t>(stage)];
}

// The element that the report's item numbers, absent when it numbers none.
template <class List>
auto item_of(const List& list, const LaunchReport& report) -> decltype(list.data()) {
    if (report.item < 0 || static_cast<std::size_t>(report.item) >= list.size()) return nullptr;
    return list.data() + report.item;
}

std::string mount_key(const LaunchPlan& plan, const LaunchReport& report, const MountOp& op) {
    const bool is_root = op.kind == MountOpKind::propagation || op.kind == MountOpKind::change_root;
    if (is_root && plan.child.root != nullptr) return "mounts.root";
    const std::string* key = item_of(plan.mount_keys, report);
    return key != nullptr && !key->empty() ? *key : "mounts";
}

std::string mount_object(const LaunchPlan& plan, const LaunchReport& report, const MountOp& op) {
    if (op.kind == MountOpKind::propagation || op.kind == MountOpKind::change_root) {
        return plan.child.root != nullptr ? plan.child.root : "/";
    }
    const bool is_path = op.kind != MountOpKind::symlink && op.kind != MountOpKind::tmpfs;
    const bool is_source = report.object == LaunchReport::Object::source && is_path;
    const char* path = is_source && op.source != nullptr ? op.source : op.target;
    return path != nullptr ? path : "/";
}

void describe_mount(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    const MountOp* op = item_of(plan.child.mounts, report);
    if (op == nullptr) return;
    failure.key = mount_key(plan, report, *op);
    failure.object = mount_object(plan, report, *op);
    for (const MountHint& hint : mount_hints) {
        if (hint.object != report.object || hint.error != report.error) continue;
        if (hint.call != any_call && hint.call != report.syscall) continue;
        failure.hint = hint.text;
        return;
    }
}

void describe_rlimit(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    if (const std::string* key = item_of(plan.rlimit_keys, report)) failure.key = *key;
    if (const rlimit64* limit = item_of(plan.child.rlimit_values, report)) {
        failure.object = std::to_string(limit->rlim_cur) + ":" + std::to_string(limit->rlim_max);
    }
}

void describe_groups(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    failure.object = std::to_string(plan.child.gid);
    if (report.syscall != SYS_setgroups) return;
    failure.key = "service.supplementary_groups";
    failure.object.clear();
    for (const gid_t group : plan.child.groups) {
        failure.object += (failure.object.empty() ? "" : " ") + std::to_string(group);
    }
}

void describe_capability(const LaunchPlan&, const LaunchReport& report, LaunchFailure& failure) {
    if (report.item >= 0) {
        failure.object = capability_name(report.item);
    } else if (report.syscall == SYS_prctl) {
        failure.key = "capabilities.securebits";
    }
}

void describe_priority(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    failure.key = "process.oom_score_adj";
    if (report.syscall == SYS_setpriority && plan.child.nice != nullptr) {
        failure.key = "process.nice";
        failure.object = std::to_string(*plan.child.nice);
    }
    if (report.syscall == SYS_sched_setscheduler) {
        failure.key = "process.scheduling";
        failure.object =
            scheduling_text(plan.child.scheduling_policy, plan.child.scheduling_priority);
    }
    if (report.syscall == SYS_ioprio_set) {
        failure.key = "process.io_priority";
        failure.object = io_priority_text(plan.child.io_priority);
    }
    if (report.syscall == SYS_sched_setaffinity || report.syscall == SYS_sched_getaffinity) {
        failure.key = "process.cpu_affinity";
        failure.object = bit_list_text(plan.child.cpu_affinity);
    }
}

void describe_descriptors(const LaunchPlan& plan, const LaunchReport& report,
                          LaunchFailure& failure) {
    if (report.item >= 0) return describe_rlimit(plan, report, failure);
    if (report.syscall != SYS_dup3 && report.syscall != SYS_fcntl) return;
    failure.key = "service.ready";
    failure.object = "fd:" + std::to_string(plan.child.ready_number);
}

void describe_join(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    const int* descriptor = item_of(plan.join_descriptors, report);
    if (descriptor == nullptr) return;
    for (const JoinTarget& target : plan.join_targets) {
        if (target.file.get() != *descriptor) continue;
        failure.key = target.key;
        failure.object = target.identity;
    }
}

void describe_session(const LaunchPlan&, const LaunchReport& report, LaunchFailure& failure) {
    if (report.syscall == SYS_ioctl) return;
    failure.key.clear();
    failure.object.clear();
}

void describe_network(const LaunchPlan&, const LaunchReport&, LaunchFailure& failure) {
    failure.object = "lo";
}

void describe_user(const LaunchPlan& plan, const LaunchReport&, LaunchFailure& failure) {
    failure.object = std::to_string(plan.child.uid);
}

// The stages whose object or exact key depends on more than the stage.
struct Describer {
    LaunchStage stage;
    void (*describe)(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure);
};
constexpr auto describers = std::to_array<Describer>({
    {LaunchStage::scheduling, describe_priority},
    {LaunchStage::join_namespaces, describe_join},
    {LaunchStage::mounts, describe_mount},
    {LaunchStage::network, describe_network},
    {LaunchStage::session, describe_session},
    {LaunchStage::rlimits, describe_rlimit},
    {LaunchStage::bounding, describe_capability},
    {LaunchStage::groups, describe_groups},
    {LaunchStage::user, describe_user},
    {LaunchStage::ambient, describe_capability},
    {LaunchStage::descriptors, describe_descriptors},
});

void describe(const LaunchPlan& plan, const LaunchReport& report, LaunchFailure& failure) {
    const auto object = row_of(report.stage).object;
    const char* text = object != nullptr ? plan.child.*object : nullptr;
    if (text != nullptr) failure.object = text;
    for (const Describer& describer : describers) {
        if (describer.stage == report.stage) describer.describe(plan, report, failure);
    }
}

std::string find_hint(const LaunchReport& report) {
    for (const Hint& hint : hints) {
        if (hint.stage != report.stage || hint.error != report.error) continue;
        if (hint.call == any_call || hint.call == report.syscall) return std::string{hint.text};
    }
    if (report.error == ENOSYS)
        return "this kernel is too old for the call, or a filter forbids it";
    if (report.error == EMFILE || report.error == ENFILE) return "there are too many open files";
    return "while it was to " + std::string{launch_stage_text(report.stage)};
}

}  // namespace

std::string_view launch_stage_text(LaunchStage stage) {
    return row_of(stage).text;
}

LaunchFailure explain(const LaunchPlan& plan, const LaunchReport& report) {
    if (!has_stage(report)) return {.error = EPROTO, .hint = "the child's report is damaged"};
    if (report.stage == LaunchStage::exec && report.syscall == SYS_execve) {
        return explain_execve(plan, report.error);
    }
    LaunchFailure failure{
        .key = std::string{row_of(report.stage).key},
        .call = syscall_name(report.syscall),
        .error = report.error,
    };
    describe(plan, report, failure);
    if (failure.hint.empty()) failure.hint = find_hint(report);
    return failure;
}

LaunchFailure to_launch_failure(Error error) {
    // "open '/dev/null': Too many open files" carries the errno's text once more.
    const std::size_t colon = error.what.rfind(": ");
    if (error.code == 0 || colon == std::string::npos) return {.hint = std::move(error.what)};
    return {.call = error.what.substr(0, colon), .error = error.code};
}

}  // namespace confinit
