// SPDX-License-Identifier: Apache-2.0
// The changes of state that one call of the engine tells: one for each unit.
#include "engine/state_changes.h"

#include <algorithm>
#include <set>
#include <utility>

namespace confinit::engine {

Actions tell_changes_once(Actions actions) {
    std::set<std::string> told;
    Actions kept;
    kept.reserve(actions.size());
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) {
        const bool is_change = action->kind == ActionKind::state_changed;
        if (is_change && !told.insert(action->unit).second) continue;
        kept.push_back(std::move(*action));
    }
    std::ranges::reverse(kept);
    return kept;
}

}  // namespace confinit::engine
