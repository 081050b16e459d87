// SPDX-License-Identifier: Apache-2.0
// The presets of mounts.protect take away capabilities and system calls, too.
#include "launch/protection.h"

#include "kernel/capability_set.h"
#include "unit/protect_presets.h"

#include <cerrno>
#include <string>

namespace confinit {

CapabilityMask dropped_capabilities(const ProtectPreset& preset) {
    CapabilityMask dropped = 0;
    for (const std::string_view name : preset.capabilities) {
        if (const auto number = capability_number(name)) dropped |= CapabilityMask{1} << *number;
    }
    return dropped;
}

CapabilityMask dropped_capabilities(const Unit& unit) {
    CapabilityMask dropped = 0;
    for (const ProtectPreset* preset : unit.mounts.protect)
        dropped |= dropped_capabilities(*preset);
    return dropped;
}

std::optional<SeccompConfig> filter_with_protection(const Unit& unit) {
    std::optional<SeccompConfig> config = unit.seccomp;
    for (const ProtectPreset* preset : unit.mounts.protect) {
        for (const std::string_view call : preset->denied_calls) {
            if (!config) config = permissive_filter();
            config->deny.push_back(
                {std::string{call}, SeccompAction{SeccompActionKind::error, EPERM}});
        }
    }
    return config;
}

}  // namespace confinit
