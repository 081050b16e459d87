// SPDX-License-Identifier: Apache-2.0
// The presets of mounts.protect take away capabilities and system calls, too.
#pragma once

#include "unit/unit.h"

#include <optional>

namespace confinit {

struct ProtectPreset;

// The capabilities that a preset takes away, and those of all presets of a unit.
CapabilityMask dropped_capabilities(const ProtectPreset& preset);
CapabilityMask dropped_capabilities(const Unit& unit);

// The unit's [seccomp] with what its presets deny; absent when neither says anything. A preset's
// calls are denied one by one, since a call's own entry wins over the sets that hold it.
std::optional<SeccompConfig> filter_with_protection(const Unit& unit);

}  // namespace confinit
