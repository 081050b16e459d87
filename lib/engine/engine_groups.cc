// SPDX-License-Identifier: Apache-2.0
// The engine's part about groups: one is up as long as a unit that requires it is.
#include "engine/engine.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace confinit::engine {

// The groups of a unit that has gone down.
void Engine::note_loss(const std::string& unit) {
    note_groups(graph_.find(unit)->requires_units);
}

void Engine::note_groups(std::span<const std::string> units) {
    for (const std::string& name : units) {
        const UnitSpec* spec = graph_.find(name);
        if (spec != nullptr && spec->is_group) perhaps_unneeded_.insert(name);
    }
}

void Engine::stop_unneeded_groups(Call& call) {
    const std::set<std::string> groups = std::exchange(perhaps_unneeded_, {});
    for (const std::string& group : groups) {
        if (knows(group) && !is_needed(group)) request_stop(group, {}, call);
    }
}

// Whether a unit that requires the group is up or on its way, or the group has something to do yet.
bool Engine::is_needed(std::string_view group) const {
    if (live_.sub(group) != SubState::running || jobs_.has_job(group)) return true;
    return std::ranges::any_of(graph_.required_by(group), [&](const std::string& unit) {
        return !is_down(live_.sub(unit)) || jobs_.has_job(unit);
    });
}

}  // namespace confinit::engine
