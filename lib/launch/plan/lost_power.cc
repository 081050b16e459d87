// SPDX-License-Identifier: Apache-2.0
// Lost power: execve(2) leaves the bits and the capabilities of a file aside under no_new_privs and
// on a nosuid mount, and says nothing.
#include "launch/plan/lost_power.h"

#include <sys/stat.h>
#include <sys/xattr.h>

namespace confinit {
namespace {

// The id that the program would run with, or its capabilities.
std::optional<std::string> power_of(const Lookup& file) {
    const mode_t mode = file.status.st_mode;
    if (!S_ISREG(mode)) return std::nullopt;
    if ((mode & S_ISUID) != 0) return "is set-user-ID";
    // Without the x bit of the group it would mean mandatory locking.
    if ((mode & S_ISGID) != 0 && (mode & S_IXGRP) != 0) return "is set-group-ID";
    if (lgetxattr(file.host_path.c_str(), "security.capability", nullptr, 0) > 0) {
        return "has file capabilities";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> find_lost_power(const LaunchPlan& plan, const ServiceView& view) {
    const Lookup file = view.find(plan->executable);
    if (file.presence != Lookup::Presence::present) return std::nullopt;
    if (!plan->child.no_new_privs && !file.is_nosuid) return std::nullopt;
    const auto power = power_of(file);
    if (!power) return std::nullopt;
    return "service.command[0]: '" + plan->executable.str() + "' " + *power +
           ", which has no effect here: " +
           (plan->child.no_new_privs
                ? "no_new_privs is in force, which every system call filter brings"
                : "it lies on a file system that is mounted nosuid") +
           "; what it needs can be given by service.user and capabilities.ambient";
}

}  // namespace confinit
