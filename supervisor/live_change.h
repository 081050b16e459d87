// SPDX-License-Identifier: Apache-2.0
// LiveChange: one key of a unit changed while it runs: checked, in force, read back, and kept.
#pragma once

#include "manager.h"

#include <string>
#include <variant>

namespace confinit {

struct LiveChange {
    std::string key;       // of [cgroup], which is all that a running service can be given anew
    std::string value;     // as in the unit file; a text needs no quotes
    bool runtime = false;  // until the next boot: below /run in place of /etc
};

// What the change was refused for: by the reader of units, or by the kernel and the file system.
struct ChangeRefused {
    std::vector<std::string> problems;  // of the unit with the new value
    std::string failure;                // empty where there are problems
};

// The value goes into a drop-in of the unit, NAME.toml.d/50-set.toml (60-set-runtime.toml), so that
// the same reader checks it that every start uses; then into the node of the present run. Whatever
// fails, the drop-in, the node and the unit are as before.
std::expected<void, ChangeRefused> change_live(Manager& manager, Service& service,
                                               const LiveChange& change);

}  // namespace confinit
