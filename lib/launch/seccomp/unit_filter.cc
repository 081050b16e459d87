// SPDX-License-Identifier: Apache-2.0
// Unit filter: the system call policy of a whole unit, with its presets and its container's
// profile.
#include "launch/seccomp/unit_filter.h"

#include "kernel/capability_set.h"
#include "launch/protection.h"
#include "launch/seccomp/policy.h"

namespace confinit {

CapabilityMask planned_bounding(const Unit& unit, CapabilityMask supervisors) {
    // The first process of a new user namespace has every capability in it.
    const CapabilityMask there = unit.namespaces.user ? kernel_capabilities() : supervisors;
    return unit.capabilities.bounding.value_or(there) & there & ~dropped_capabilities(unit);
}

Result<std::optional<SyscallPolicy>> make_unit_policy(const Unit& unit, CapabilityMask bounding) {
    const auto seccomp = filter_with_protection(unit);
    if (!seccomp) return std::nullopt;
    return TRY(make_policy(*seccomp, bounding));
}

}  // namespace confinit
