// SPDX-License-Identifier: Apache-2.0
// Hints: what an errno most likely means at a step of the launch, in one line.
#pragma once

#include "launch/child_plan.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace confinit {

// Empty where nothing is known beyond the errno.
std::string_view find_hint(const LaunchReport& report);

// The same for the mounts, where it also counts which of an op's two paths the failure is about.
std::string_view find_mount_hint(const LaunchReport& report);

// An ordinary user, and whether it has supplementary groups, which it cannot drop: they would stay
// the service's where its user namespace denies setgroups(2).
struct OrdinaryUser {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool has_groups = false;
};
OrdinaryUser present_user();

// Such a user may map its own ids without privileges, as user 0 of the namespace.
std::string own_ids_key(const OrdinaryUser& user);

// "the supervisor lacks CAP_SYS_ADMIN", with the way that is open to an ordinary user; user 0, who
// was deprived of it, is told no way around that.
std::string lacking_hint(std::string_view hint, const OrdinaryUser& user);

}  // namespace confinit
