// SPDX-License-Identifier: Apache-2.0
// The child's steps on how the kernel treats a process among others: scheduling, and its keyring.
#include "launch/child/mount_calls.h"
#include "launch/child/steps.h"

#include <array>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <sys/resource.h>

namespace confinit {

namespace {

// The same layout as struct sched_param of the C library.
struct SchedulingParameter {
    int priority;
};

bool write_oom_score_adj(ChildContext& child) {
    const char* text = child.plan.oom_score_adj;
    if (text == nullptr) return true;
    const ChildFd file = open_in_procfs(child, "self/oom_score_adj", O_WRONLY);
    return file && child.call(SYS_write, file.get(), text, __builtin_strlen(text)) >= 0;
}

// Threads of other policies keep their nice value by this call: sched_setscheduler(2).
bool set_policy(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (plan.scheduling_policy < 0) return true;
    const SchedulingParameter parameter{plan.scheduling_priority};
    return child.call(SYS_sched_setscheduler, 0, plan.scheduling_policy, &parameter) >= 0;
}

bool set_io_priority(ChildContext& child) {
    if (child.plan.io_priority < 0) return true;
    return child.call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, child.plan.io_priority) >= 0;
}

// As many CPUs as any kernel has.
using CpuWords = std::array<std::uint64_t, 128>;

// The kernel leaves out in silence what the cpuset or the machine does not have.
bool set_affinity(ChildContext& child) {
    const auto wanted = child.plan.cpu_affinity;
    if (wanted.empty()) return true;
    const std::size_t size = wanted.size() * sizeof(std::uint64_t);
    if (child.call(SYS_sched_setaffinity, 0, size, wanted.data()) < 0) return false;
    CpuWords present;
    const long count = child.call(SYS_sched_getaffinity, 0, sizeof present, present.data());
    if (count < 0) return false;
    const std::size_t words = static_cast<std::size_t>(count) / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::uint64_t in_force = i < words ? present.data()[i] : 0;
        if (in_force != wanted.data()[i]) return child.refuse(EINVAL);
    }
    return true;
}

}  // namespace

bool set_scheduling(ChildContext& child) {
    if (!set_affinity(child)) return false;
    if (child.plan.limits_by_parent) return true;
    if (!set_policy(child) || !set_io_priority(child)) return false;
    if (child.plan.sets_nice && child.call(SYS_setpriority, PRIO_PROCESS, 0, child.plan.nice) < 0) {
        return false;
    }
    return write_oom_score_adj(child);
}

// Without a name the kernel has no reason of its own to answer EPERM: a filter does, and then on
// behalf of the service as well.
bool make_keyring(ChildContext& child) {
    const ChildKeyring wanted = child.plan.keyring;
    if (wanted == ChildKeyring::inherited) return true;
    if (child.call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return true;
    const bool has_none = child.error == ENOSYS || child.error == EPERM;
    return wanted == ChildKeyring::separate_if_offered && has_none;
}

}  // namespace confinit
