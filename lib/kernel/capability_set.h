// SPDX-License-Identifier: Apache-2.0
// Capability names and masks, and the five sets of a process: capabilities(7).
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

using CapabilityMask = std::uint64_t;

// "net_raw", "CAP_NET_RAW" (any case) -> 13; absent when libcap knows no such name.
std::optional<int> capability_number(std::string_view name);

// 13 -> "net_raw"; "cap 63" for one without a name.
std::string capability_name(int number);

// Every name in lower case without "cap_", for suggestions.
std::span<const std::string_view> capability_names();

// "net_admin net_raw", "all" when every bit of `all` is set, "none" when no bit is.
std::string capability_text(CapabilityMask mask, CapabilityMask all);

// The mask of all capabilities that the running kernel has: PR_CAPBSET_READ of prctl(2) refuses
// other numbers, also where there is no /proc.
CapabilityMask kernel_capabilities();

struct CapabilitySets {
    CapabilityMask inheritable = 0;
    CapabilityMask permitted = 0;
    CapabilityMask effective = 0;
    CapabilityMask bounding = 0;
    CapabilityMask ambient = 0;

    bool operator==(const CapabilitySets&) const = default;
};

// What a launch asks for, reduced to what decides about the sets.
struct CapabilityRequest {
    std::uint32_t uid = 0;        // the id that the service runs as, inside its namespace
    CapabilityMask bounding = 0;  // already cut to what the kernel and the supervisor have
    CapabilityMask ambient = 0;
    unsigned securebits = 0;  // SECBIT_*
};

// The five sets of the program after the child's steps and execve(2) of an ordinary file (neither
// setuid nor setgid nor with file capabilities), by the rules of capabilities(7): "Transformation
// of capabilities during execve()" and "Capabilities and execution of programs by root".
//
// The child's steps leave the bounding set as requested, the inheritable and ambient sets equal to
// the requested ambient set, and the permitted and effective sets at bounding for uid 0, at ambient
// for every other. An ambient capability outside of the bounding set cannot be made inheritable, so
// it is in no set. Of the securebits only SECBIT_NOROOT counts: the child keeps its capabilities
// over the change of user by itself, and execve(2) clears SECBIT_KEEP_CAPS.
CapabilitySets sets_after_exec(const CapabilityRequest& request);

struct SecurebitName {
    std::string_view name;  // "noroot-locked"
    unsigned mask;
};
std::span<const SecurebitName> securebit_names();

// The caller's own bounding set, which is all that it can give: PR_CAPBSET_READ of prctl(2).
CapabilityMask own_bounding_set();

// Whether the caller has this capability (CAP_*) in its effective set.
bool holds_capability(int capability);

}  // namespace confinit
