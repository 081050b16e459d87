// SPDX-License-Identifier: Apache-2.0
// Checks of a service that is root: it owns files of the kernel that set it free, whatever its
// other keys take away.
#include "unit/check_parts.h"
#include "unit/namespace_form.h"
#include "unit/problem.h"
#include "unit/protect_presets.h"

#include <linux/capability.h>

namespace confinit {
namespace {

bool covers_tunables(const std::vector<std::string>& paths) {
    return std::ranges::any_of(paths, [](const std::string& path) {
        return path == "/" || path == "/proc" || path == "/proc/sys";
    });
}

class RootCheck : UnitChecker {
public:
    using UnitChecker::UnitChecker;

    void run() {
        if (!is_root()) return;
        warn_of_limits();
        warn_of_tunables();
    }

private:
    bool may_hold(unsigned capability) const {
        return (unit_.capabilities.bounding.value_or(~CapabilityMask{0}) >> capability & 1) != 0;
    }

    // The limits belong to an id of the supervisor's; with one of these capabilities it becomes
    // that, or does not ask whose they are.
    bool may_write_limits() const {
        return may_hold(CAP_CHOWN) || may_hold(CAP_DAC_OVERRIDE) || may_hold(CAP_FOWNER) ||
               may_hold(CAP_SETUID);
    }

    // With the first of these capabilities it mounts the tree anew, with the other it looks through
    // the eyes of a process outside.
    void warn_of_limits() {
        const bool sees_host = may_hold(CAP_SYS_PTRACE) && !unit_.namespaces.pid;
        if (unit_.cgroup.empty() || (!may_write_limits() && !sees_host)) return;
        if (unit_.namespaces.mount && !may_hold(CAP_SYS_ADMIN) && !sees_host) return;
        warn("cgroup",
             "root can raise its own limits in /sys/fs/cgroup: give it another user, or "
             "namespaces.mount = true without the capability sys_admin, and sys_ptrace only in a "
             "pid namespace");
    }

    // Proc asks most writers for no capability, and for the owner alone: sysctl(5).
    void warn_of_tunables() {
        const MountConfig& mounts = unit_.mounts;
        const bool has_preset = std::ranges::any_of(
            mounts.protect,
            [](const ProtectPreset* preset) { return preset->name == "kernel-tunables"; });
        const bool is_protected =
            has_preset || covers_tunables(mounts.read_only) || covers_tunables(mounts.inaccessible);
        if (is_protected) return;
        if (!is_given("capabilities.bounding") || may_hold(CAP_SYS_ADMIN)) return;
        warn("capabilities.bounding",
             "root writes /proc/sys without any capability, and what it names in "
             "kernel.core_pattern is run with all of them: add mounts.protect = "
             "[\"kernel-tunables\"], or give it another user or a user namespace");
    }
};

}  // namespace

void check_root(Unit& unit, ProblemList& problems) {
    if (unit.service) RootCheck{unit, problems}.run();
}

}  // namespace confinit
