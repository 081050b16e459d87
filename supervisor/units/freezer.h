// SPDX-License-Identifier: Apache-2.0
// Freezer: one request to freeze or thaw a node, and who waits for it.
#pragma once

#include "base/result.h"
#include "supervisor/units/unit_node.h"

#include <functional>
#include <optional>
#include <string>

namespace confinit {

class Freezer {
public:
    using Done = std::function<void(const Status&)>;

    // `done` hears when the processes of the unit's node stand still, or run; or, at once, who else
    // keeps them frozen. A later request takes the place of one that still waits.
    void begin(const std::string& unit, const UnitNode& node, bool frozen, Done done);

    // The kernel says in an event that something has changed; this looks whether it is that.
    void check(const Cgroup& node);

    // All who wait are told this.
    void end(const Status& status);

private:
    std::optional<bool> wanted_;  // while somebody waits for it
    Done done_;
};

}  // namespace confinit
