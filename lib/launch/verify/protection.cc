// SPDX-License-Identifier: Apache-2.0
// Verify: what the presets of mounts.protect take away beside paths.
#include "launch/verify/parts.h"

#include "kernel/capability_set.h"
#include "launch/protection.h"
#include "unit/protect_presets.h"

#include <algorithm>
#include <string>

namespace confinit {
namespace {

// The missing part of a preset, empty when nothing is.
std::string fault(const ProtectPreset& preset, const ProcessStatus& status,
                  UserNamespacePlace place) {
    const CapabilitySets& sets = status.capabilities;
    const CapabilityMask kept =
        dropped_capabilities(preset) & (sets.bounding | sets.permitted | sets.ambient);
    if (kept != 0 && place == UserNamespacePlace::as_declared)
        return "it has " + capability_text(kept, ~CapabilityMask{0});
    constexpr int filter_mode = 2;
    const bool is_filtered = status.seccomp_mode == filter_mode;
    return preset.denied_calls.empty() || is_filtered ? "" : "no filter";
}

}  // namespace

// An item of the preset's paths may be there; it is the one that shows the first difference.
void verify_protection(const Unit& unit, const ProcessStatus& status, VerifyItems& items,
                       UserNamespacePlace place) {
    for (std::size_t i = 0; i < unit.mounts.protect.size(); ++i) {
        const ProtectPreset& preset = *unit.mounts.protect[i];
        const std::string key = "mounts.protect[" + std::to_string(i) + "]";
        const auto found = std::ranges::find(items, key, &VerifyItem::key);
        VerifyItem& item = found != items.end() ? *found : items.emplace_back(key);
        const bool is_new = item.declared.empty();
        item.declared = preset.name;
        if (!is_new && item.differs()) continue;
        const std::string missing = fault(preset, status, place);
        item.result = same_if(missing.empty());
        item.in_force = missing.empty() ? "in force" : missing;
    }
}

}  // namespace confinit
