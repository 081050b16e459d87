// SPDX-License-Identifier: Apache-2.0
// The texts of events: of a new state, a launch, and of drift that has begun or is over.
#pragma once

#include "engine/types.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

// "failed: exited with code 3". A state that only leads to the next one leaves the reason to that.
std::string state_event_text(const engine::UnitState& state);

std::string launched_text(pid_t main);

// "running (asked by uid 1000 (:1.42))"; the text itself where a deputy has not asked for it.
std::string with_asker(std::string text, std::string_view asked_by);

// An item of a unit's confinement that is in force otherwise than declared.
struct DriftItem {
    std::string key;
    std::string difference;  // "declared X, in force Y"

    // "KEY: declared X, in force Y".
    std::string text() const;
    bool operator==(const DriftItem&) const = default;
};

// The news of a check, after the drift that the one before it has found: the items that differ
// otherwise than before, and the keys of which no item differs any more.
struct DriftNews {
    std::vector<DriftItem> begun;
    std::vector<std::string> over;
};
DriftNews compare_drift(const std::vector<DriftItem>& former,
                        const std::vector<DriftItem>& present);

}  // namespace confinit
