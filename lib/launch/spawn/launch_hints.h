// SPDX-License-Identifier: Apache-2.0
// Hints: what an errno most likely means at a step of the launch, in one line.
#pragma once

#include "base/result.h"
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

// Whether the right that the step lacks comes with a user namespace of the service's own.
bool is_given_by_namespace(const LaunchReport& report);

// Adds that way to the hint, which is open to an ordinary user; user 0, who was deprived of the
// right, is told no way around that.
void advise_namespace(const OrdinaryUser& user, Error& failure);

}  // namespace confinit
