// SPDX-License-Identifier: Apache-2.0
// The child's report in the words of promise two: key, object, call, errno and one hint.
#include "launch/spawn/explain_report.h"

#include "base/bit_list.h"
#include "kernel/capability_set.h"
#include "kernel/scheduling.h"
#include "kernel/syscall_sets.h"
#include "launch/early_hints.h"
#include "launch/own_finding.h"
#include "launch/owner_text.h"
#include "launch/plan/executable.h"
#include "launch/plan/parts.h"
#include "launch/spawn/launch_hints.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace confinit {

namespace {

struct StageText {
    LaunchStage stage;
    std::string_view text;
    std::string_view key;
    ImageText ChildPlanIn<Sealed>::* object = nullptr;
};
constexpr std::array<StageText, launch_stage_count> stage_texts{{
    {LaunchStage::separation, "part from the supervisor", ""},
    {LaunchStage::witnesses, "look at what it was planned from", ""},
    {LaunchStage::id_maps, "wait for its id maps", "namespaces.user"},
    {LaunchStage::preparation, "wait for its directories or its root image", "directories"},
    {LaunchStage::scheduling, "set its priorities", "process", &ChildPlanIn<Sealed>::oom_score_adj},
    {LaunchStage::terminal, "open its terminal", "service.tty", &ChildPlanIn<Sealed>::tty},
    {LaunchStage::streams, "place its standard streams", ""},
    {LaunchStage::time_namespace, "make its time namespace", "namespaces.time",
     &ChildPlanIn<Sealed>::time_offsets},
    {LaunchStage::proc_files, "forbid others to trace it", ""},
    {LaunchStage::join_namespaces, "join its namespaces", "namespaces"},
    {LaunchStage::pid_namespace, "fork into its pid namespace", "namespaces.pid"},
    {LaunchStage::cgroup_namespace, "make its cgroup namespace", "namespaces.cgroup"},
    {LaunchStage::mounts, "set up the mounts", "mounts"},
    {LaunchStage::hostname, "set its host name", "namespaces.uts", &ChildPlanIn<Sealed>::hostname},
    {LaunchStage::network, "bring up the loopback interface", "namespaces.net"},
    {LaunchStage::reaper, "fork below the reaper", "namespaces.pid"},
    {LaunchStage::session, "begin its session", "service.tty", &ChildPlanIn<Sealed>::tty},
    {LaunchStage::keyring, "give it a session keyring", "process.keyring"},
    {LaunchStage::rlimits, "set its limits", "process.rlimits"},
    {LaunchStage::join_user, "join its user namespace", "namespaces.user"},
    {LaunchStage::bounding, "limit its capabilities", "capabilities.bounding"},
    {LaunchStage::groups, "change its groups", "service.group"},
    {LaunchStage::user, "change its user", "service.user"},
    {LaunchStage::ambient, "give it its capabilities", "capabilities.ambient"},
    {LaunchStage::working_directory, "enter its working directory", "service.working_directory",
     &ChildPlanIn<Sealed>::working_directory},
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
    if (is_root && plan->child.root != nullptr) return "mounts.root";
    if (is_root && plan->child.image_mount_point != nullptr) return "mounts.root_image";
    const ImageString* key = item_of(plan->mount_keys, report);
    return key != nullptr && !key->empty() ? key->c_str() : "mounts";
}

std::string mount_object(const LaunchPlan& plan, const LaunchReport& report, const MountOp& op) {
    if (op.kind == MountOpKind::propagation || op.kind == MountOpKind::change_root) {
        if (plan->child.image_mount_point != nullptr) return plan->child.image_mount_point.c_str();
        return plan->child.root != nullptr ? plan->child.root.c_str() : "/";
    }
    const bool is_path = op.kind != MountOpKind::symlink && op.kind != MountOpKind::tmpfs;
    const bool is_source = report.object == LaunchReport::Object::source && is_path;
    const char* path = is_source && op.source != nullptr ? op.source : op.target;
    return path != nullptr ? path : "/";
}

void describe_mount(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    const MountOp* op = item_of(plan->child.mounts, report);
    if (op == nullptr) return;
    failure.key = mount_key(plan, report, *op);
    failure.object = mount_object(plan, report, *op);
    if (op->kind == MountOpKind::overlay && report.error == EINVAL) {
        failure.hint =
            "the kernel does not take these layers: upper and work must be two "
            "directories of one mount, apart from each other and from every lower one";
        return;
    }
    const bool is_layer = op->kind == MountOpKind::overlay_layer;
    failure.hint = is_layer && report.error == ENOTDIR ? layer_hint : find_mount_hint(report);
}

// The launch has been planned again by the time that anybody is told of this.
void describe_witness(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    const auto witnesses = witnesses_in(plan.witnesses);
    const Witness* witness = item_of(witnesses, report);
    if (witness == nullptr) return;
    failure.object = witness->path.c_str();
    if (witness->key != nullptr) failure.key = witness->key.c_str();
    const bool has_come = report.syscall == own_finding && report.error == EEXIST;
    const bool is_other = report.syscall == own_finding && report.error == ESTALE;
    failure.hint = has_come   ? "it has come"
                   : is_other ? "it is another file, or was changed,"
                              : "it cannot be looked at any more";
    failure.hint += " since the launch was planned";
}

std::string_view type_text(std::uint32_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "symbolic link";
    case S_IFREG:
        return "file";
    default:
        return "special file";
    }
}

// Tells what stands in the way of a directory, and what would not.
std::string existing_hint(const Preparation& wanted, const LaunchReport& report) {
    const auto [mode, uid, gid] = report.found;
    const bool is_directory = S_ISDIR(mode);
    std::string text = "it is a ";
    text.append(type_text(mode)).append(" of " + owner_text(uid, gid));
    text += ", and the unit wants a directory of " + owner_text(wanted.uid, wanted.gid);
    if (is_directory) text += "; directories.chown = \"recursive\" gives it over";
    return text;
}

void describe_preparation(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    const Preparation* preparation = item_of(plan->child.preparations, report);
    if (preparation == nullptr) return;
    failure.key = std::string_view{*item_of(plan->preparation_keys, report)};
    const bool is_image = preparation->kind == Preparation::Kind::image;
    const bool is_directory = preparation->kind == Preparation::Kind::directory;
    failure.object = is_directory ? directory_path(preparation->base, preparation->path)
                                  : preparation->path.c_str();
    if (preparation->kind == Preparation::Kind::procfs && report.error == EPERM) {
        failure.hint = own_procfs_hint;
    }
    if (is_image && report.error == ENOENT) {
        failure.hint =
            "there is no such file, or no /dev/loop-control: the kernel's module 'loop' "
            "is not loaded";
    }
}

// A directory that is there already, and is another's.
bool tells_of_existing(const LaunchReport& report) {
    return report.stage == LaunchStage::preparation &&
           std::ranges::any_of(report.found, [](auto word) { return word != 0; });
}

void describe_rlimit(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    if (const ImageString* key = item_of(plan->rlimit_keys, report)) failure.key = key->c_str();
    if (const rlimit64* limit = item_of(plan->child.rlimit_values, report)) {
        failure.object = std::to_string(limit->rlim_cur) + ":" + std::to_string(limit->rlim_max);
    }
}

void describe_groups(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    failure.object = std::to_string(plan->child.gid);
    if (report.syscall != SYS_setgroups) return;
    failure.key = "service.supplementary_groups";
    failure.object.clear();
    for (const gid_t group : plan->child.groups) {
        failure.object += (failure.object.empty() ? "" : " ") + std::to_string(group);
    }
}

// The ambient set is emptied before it is filled, and the securebits that forbid that come last.
bool is_about_securebits(const LaunchPlan& plan, const LaunchReport& report) {
    if (report.syscall != SYS_prctl) return false;
    return report.stage == LaunchStage::bounding || plan->child.securebits != 0;
}

void describe_capability(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    if (report.item >= 0) {
        failure.object = capability_name(report.item);
    } else if (is_about_securebits(plan, report)) {
        failure.key = "capabilities.securebits";
    }
}

void describe_priority(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    failure.key = "process.oom_score_adj";
    if (report.syscall == SYS_setpriority && plan->child.sets_nice) {
        failure.key = "process.nice";
        failure.object = std::to_string(plan->child.nice);
    }
    if (report.syscall == SYS_sched_setscheduler) {
        failure.key = "process.scheduling";
        failure.object =
            scheduling_text(plan->child.scheduling_policy, plan->child.scheduling_priority);
    }
    if (report.syscall == SYS_ioprio_set) {
        failure.key = "process.io_priority";
        failure.object = io_priority_text(plan->child.io_priority);
    }
    const bool is_cpu_missing = report.syscall == own_finding && report.error == EINVAL;
    if (is_cpu_missing || report.syscall == SYS_sched_setaffinity ||
        report.syscall == SYS_sched_getaffinity) {
        failure.key = "process.cpu_affinity";
        failure.object = bit_list_text(plan->child.cpu_affinity);
    }
}

void describe_descriptors(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    if (report.item >= 0) return describe_rlimit(plan, report, failure);
    if (report.syscall != SYS_dup3 && report.syscall != SYS_fcntl) return;
    failure.key = "service.ready";
    failure.object = "fd:" + std::to_string(plan->child.ready_number);
}

constexpr std::string_view foreign_namespace_hint =
    "it belongs to another user namespace than the service's own, which has no rights over it: "
    "setns(2); leave out namespaces.user, or join the other one as well";

void describe_join(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    std::int32_t item = 0;
    for (const JoinIn<Sealed>& join : plan->joins) {
        if (join.flag == CLONE_NEWUSER || item++ != report.item) continue;
        failure.key = std::string_view{join.key};
        failure.object = std::string_view{join.identity};
    }
    const bool is_in_new_user_namespace = (plan->clone_flags & CLONE_NEWUSER) != 0;
    if (report.error == EPERM && is_in_new_user_namespace) failure.hint = foreign_namespace_hint;
}

void describe_session(const LaunchPlan&, const LaunchReport& report, Error& failure) {
    if (report.syscall == SYS_ioctl) return;
    failure.key.clear();
    failure.object.clear();
}

void describe_network(const LaunchPlan&, const LaunchReport&, Error& failure) {
    failure.object = "lo";
}

void describe_user(const LaunchPlan& plan, const LaunchReport&, Error& failure) {
    failure.object = std::to_string(plan->child.uid);
}

// The stages whose object or exact key depends on more than the stage.
struct Describer {
    LaunchStage stage;
    void (*describe)(const LaunchPlan& plan, const LaunchReport& report, Error& failure);
};
constexpr auto describers = std::to_array<Describer>({
    {LaunchStage::witnesses, describe_witness},
    {LaunchStage::preparation, describe_preparation},
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

void describe(const LaunchPlan& plan, const LaunchReport& report, Error& failure) {
    const auto object = row_of(report.stage).object;
    const char* text = object != nullptr ? (plan->child.*object).c_str() : nullptr;
    if (text != nullptr) failure.object = text;
    for (const Describer& describer : describers) {
        if (describer.stage == report.stage) describer.describe(plan, report, failure);
    }
}

bool is_refused_program(const LaunchReport& report) {
    return report.stage == LaunchStage::exec && report.syscall == SYS_execve;
}

}  // namespace

std::string_view launch_stage_text(LaunchStage stage) {
    return row_of(stage).text;
}

bool looks_at_files(const LaunchReport& report) {
    return is_refused_program(report) || tells_of_existing(report);
}

Error explain(const LaunchPlan& plan, const LaunchReport& report) {
    if (is_refused_program(report)) return explain_execve(plan, report.error);
    Error failure = explain_without_look(plan, report);
    const Preparation* existing =
        tells_of_existing(report) ? item_of(plan->child.preparations, report) : nullptr;
    if (existing != nullptr) failure.hint = existing_hint(*existing, report);
    return failure;
}

Error explain_without_look(const LaunchPlan& plan, const LaunchReport& report) {
    if (!has_stage(report)) return {.hint = "the child's report is damaged"};
    if (is_refused_program(report)) {
        return {.key = "service.command[0]",
                .object = plan->executable.str(),
                .call = "execve",
                .error = report.error,
                .hint = {}};
    }
    Error failure{.key = std::string{row_of(report.stage).key}};
    if (report.syscall != own_finding) {
        failure.call = syscall_name(report.syscall);
        failure.error = report.error;
    }
    describe(plan, report, failure);
    if (failure.hint.empty()) failure.hint = find_hint(report);
    if ((plan->clone_flags & CLONE_NEWUSER) == 0 && is_given_by_namespace(report))
        advise_namespace(present_user(), failure);
    if (failure.hint.empty())
        failure.hint = "while it was to " + std::string{launch_stage_text(report.stage)};
    return failure;
}

}  // namespace confinit
