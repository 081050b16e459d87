// SPDX-License-Identifier: Apache-2.0
// Hints: what an errno most likely means at a step of the launch, in one line.
#include "launch/spawn/launch_hints.h"

#include "launch/early_hints.h"
#include "launch/own_finding.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

// A row fits a failure when its stage does, and its call where it names one. A finding of the
// child's own has own_finding for a call.
struct Hint {
    LaunchStage stage;
    int error;
    long call;
    std::string_view text;
    bool is_given_by_namespace = false;  // in a user namespace of its own it has the right
};
constexpr long any_call = -1;
constexpr auto hints = std::to_array<Hint>({
    {LaunchStage::scheduling, EACCES, SYS_setpriority, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, EPERM, SYS_setpriority, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, EPERM, SYS_sched_setscheduler,
     "the supervisor lacks CAP_SYS_NICE, or the cgroup has no realtime runtime"},
    {LaunchStage::scheduling, EPERM, SYS_ioprio_set, "the supervisor lacks CAP_SYS_NICE"},
    {LaunchStage::scheduling, ENOSYS, SYS_ioprio_set, "this kernel has no CONFIG_BLOCK"},
    {LaunchStage::scheduling, EINVAL, SYS_sched_setaffinity, missing_cpu_hint},
    {LaunchStage::scheduling, EINVAL, own_finding, missing_cpu_hint},
    {LaunchStage::scheduling, EACCES, any_call, "the supervisor lacks CAP_SYS_RESOURCE"},
    {LaunchStage::scheduling, ENODEV, own_finding, "what is mounted on /proc is no procfs"},
    {LaunchStage::scheduling, EXDEV, any_call, "something else is mounted over it in /proc"},
    {LaunchStage::time_namespace, ENODEV, own_finding, "what is mounted on /proc is no procfs"},
    {LaunchStage::time_namespace, EXDEV, any_call, "something else is mounted over it in /proc"},
    {LaunchStage::preparation, EPIPE, own_finding, "the process that prepares them was killed"},
    {LaunchStage::preparation, ELOOP, any_call, link_hint},
    {LaunchStage::preparation, ENOTDIR, any_call, "a part of the path is no directory"},
    {LaunchStage::preparation, EMLINK, own_finding,
     "a file in it has another name as well, and could be any file of the host"},
    {LaunchStage::preparation, ENAMETOOLONG, own_finding, "its directories nest too deep"},
    {LaunchStage::preparation, EMEDIUMTYPE, own_finding,
     "it is no file with a squashfs, ext4 or erofs file system"},
    {LaunchStage::preparation, ENODEV, SYS_fsopen,
     "this kernel has no such file system, or its module is not loaded"},
    {LaunchStage::preparation, ENODEV, own_finding,
     "a device of /dev is another one than its name"},
    {LaunchStage::preparation, EROFS, SYS_fsconfig,
     "its journal would have to be written first; run fsck on the image"},
    {LaunchStage::preparation, EINVAL, SYS_fsconfig, "its file system is damaged"},
    {LaunchStage::preparation, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN or CAP_CHOWN"},
    {LaunchStage::terminal, ENOENT, any_call, no_terminal_hint},
    {LaunchStage::terminal, EIO, any_call, "the terminal has no device behind it"},
    {LaunchStage::session, EPERM, SYS_ioctl, "the terminal belongs to another session"},
    {LaunchStage::session, ENOTTY, SYS_ioctl, other_terminal_hint},
    {LaunchStage::time_namespace, ENOSPC, any_call, "user.max_time_namespaces is reached"},
    {LaunchStage::time_namespace, ERANGE, any_call,
     "the clock of the namespace would begin before zero, or in more than 146 years"},
    {LaunchStage::time_namespace, EINVAL, SYS_unshare,
     "this kernel has no time namespaces (CONFIG_TIME_NS)"},
    {LaunchStage::time_namespace, EPERM, any_call, "the supervisor lacks CAP_SYS_TIME"},
    {LaunchStage::join_user, EINVAL, any_call, own_user_namespace_hint},
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
    {LaunchStage::bounding, EPERM, any_call, "the supervisor lacks CAP_SETPCAP", true},
    {LaunchStage::bounding, EINVAL, any_call, "this kernel does not know the capability"},
    {LaunchStage::groups, EPERM, any_call,
     "the supervisor lacks CAP_SETGID, or setgroups is denied"},
    {LaunchStage::groups, EINVAL, any_call, "the user namespace does not map the group"},
    {LaunchStage::user, EPERM, any_call, "the supervisor lacks CAP_SETUID"},
    {LaunchStage::user, EINVAL, any_call, "the user namespace does not map the user"},
    {LaunchStage::user, EAGAIN, any_call, "the user's RLIMIT_NPROC is reached"},
    {LaunchStage::ambient, EPERM, own_finding, "the supervisor does not have it itself"},
    {LaunchStage::ambient, EPERM, SYS_capset, "the supervisor does not have it itself"},
    {LaunchStage::ambient, EPERM, any_call,
     "it is not in the bounding set, or securebits forbid to raise it"},
    {LaunchStage::working_directory, ENOENT, own_finding,
     "the directory is outside of the service's root"},
    {LaunchStage::working_directory, ENOENT, any_call,
     "there is no such directory in the service's root"},
    {LaunchStage::working_directory, EACCES, any_call, closed_directory_hint},
    {LaunchStage::working_directory, ELOOP, any_call,
     "a magic link of /proc is on the way, or too many symbolic links"},
    {LaunchStage::reaper_ready, EPIPE, own_finding,
     "the reaper has ended before the service began"},
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
    bool is_given_by_namespace = false;  // as in Hint
};
constexpr auto mount_hints = std::to_array<MountHint>({
    {LaunchReport::Object::target, ENOENT, any_call,
     "there is no such path in the service's root; create it or remove the key"},
    {LaunchReport::Object::source, ENOENT, any_call,
     "there is no such path on the host; create it or remove the key"},
    {LaunchReport::Object::target, ENOTDIR, SYS_move_mount, kinds_hint},
    {LaunchReport::Object::target, EINVAL, SYS_move_mount, kinds_hint},
    {LaunchReport::Object::target, EACCES, SYS_openat2, closed_way_hint},
    {LaunchReport::Object::source, EACCES, SYS_openat2, closed_way_hint},
    {LaunchReport::Object::target, ENOTCONN, any_call, dead_way_hint},
    {LaunchReport::Object::source, ENOTCONN, any_call, dead_way_hint},
    {LaunchReport::Object::target, ELOOP, any_call,
     "a magic link of /proc is on the way, or a symbolic link that was not there before"},
    {LaunchReport::Object::source, ELOOP, any_call,
     "a magic link of /proc is on the way, or too many symbolic links"},
    {LaunchReport::Object::source, ENODEV, own_finding, "what is mounted on /proc is no procfs"},
    {LaunchReport::Object::target, E2BIG, own_finding, "an option of its file system is too long"},
    {LaunchReport::Object::source, ENXIO, own_finding,
     "the host has another device under this name"},
    {LaunchReport::Object::source, ESTALE, own_finding,
     "the path leads to another file within the bind mount than on the host"},
    {LaunchReport::Object::target, ESTALE, own_finding,
     "the path leads to another file within the bind mount than on the host"},
    {LaunchReport::Object::target, EBUSY, own_finding,
     "it leads to the service's root, which nothing can be laid over"},
    {LaunchReport::Object::target, ENODEV, SYS_fsopen,
     "this kernel has no such file system, or its module is not loaded"},
    {LaunchReport::Object::target, EPERM, SYS_fsconfig,
     "the user namespace of the service has no rights over what it would show"},
    {LaunchReport::Object::target, EPERM, SYS_fsmount,
     "in a user namespace a new procfs needs the present one to be wholly visible"},
    {LaunchReport::Object::source, EINVAL, SYS_open_tree,
     "mounts below it may not be left out in a user namespace; use recursive = true"},
    {LaunchReport::Object::target, EROFS, any_call,
     "its directory is read-only, so that the mount point cannot be made"},
    {LaunchReport::Object::target, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN", true},
    {LaunchReport::Object::source, EPERM, any_call, "the supervisor lacks CAP_SYS_ADMIN", true},
});

template <class Row>
bool fits(const Row& row, const LaunchReport& report) {
    return row.error == report.error && (row.call == any_call || row.call == report.syscall);
}

const Hint* find_row(const LaunchReport& report) {
    const auto* const row = std::ranges::find_if(
        hints, [&](const Hint& hint) { return hint.stage == report.stage && fits(hint, report); });
    return row != hints.end() ? row : nullptr;
}

const MountHint* find_mount_row(const LaunchReport& report) {
    const auto* const row = std::ranges::find_if(mount_hints, [&](const MountHint& hint) {
        return hint.object == report.object && fits(hint, report);
    });
    return row != mount_hints.end() ? row : nullptr;
}

}  // namespace

std::string_view find_hint(const LaunchReport& report) {
    if (const Hint* row = find_row(report)) return row->text;
    if (report.error == ENOSYS)
        return "this kernel is too old for the call, or a filter forbids it";
    if (report.error == EMFILE || report.error == ENFILE) return "there are too many open files";
    return {};
}

std::string_view find_mount_hint(const LaunchReport& report) {
    const MountHint* row = find_mount_row(report);
    return row != nullptr ? row->text : std::string_view{};
}

bool is_given_by_namespace(const LaunchReport& report) {
    if (report.stage == LaunchStage::mounts) {
        const MountHint* row = find_mount_row(report);
        return row != nullptr && row->is_given_by_namespace;
    }
    const Hint* row = find_row(report);
    return row != nullptr && row->is_given_by_namespace;
}

OrdinaryUser present_user() {
    return {geteuid(), getegid(), getgroups(0, nullptr) > 0};
}

std::string own_ids_key(const OrdinaryUser& user) {
    std::string text = "namespaces.user = { uid_map = [\"0 " + std::to_string(user.uid) +
                       " 1\"], gid_map = [\"0 " + std::to_string(user.gid) + " 1\"] }";
    if (user.has_groups) text += ", of a supervisor that was started without supplementary groups";
    return text;
}

void advise_namespace(const OrdinaryUser& user, Error& failure) {
    if (user.uid == 0) return;
    failure.advise("a user namespace gives it to a service of an ordinary user: " +
                   own_ids_key(user));
}

}  // namespace confinit
