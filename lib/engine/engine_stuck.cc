// SPDX-License-Identifier: Apache-2.0
// The engine's part about units that are stuck: what they are in the way of.
#include "engine/engine.h"

#include <utility>

namespace confinit::engine {

// The reason, known from the outset, for which the unit cannot start.
std::optional<Obstacle> Engine::find_obstacle(const std::string& unit) const {
    std::optional<Obstacle> found;
    const auto is_stuck = [&](std::string_view verb, const std::string& name) {
        const LiveUnit* live = live_.find(name);
        if (live == nullptr || live->state.sub != SubState::stuck) return;
        found = Obstacle{
            .reason = std::string{verb} + " '" + name + "', which is stuck: " + live->reason,
            .may_pass = true};
    };
    for (const std::string& name : graph_.conflicting(unit))
        is_stuck("conflicts with", name);
    for (const std::string& name : graph_.find(unit)->requires_units) {
        is_stuck("requires", name);
        if (!knows(name)) return missing_requirement(name);
    }
    return found;
}

// Nobody waits for a stuck unit any more, and nobody that needs it or must not run beside it
// starts.
void Engine::give_up(const std::string& unit, Call& call) {
    const LiveUnit& live = *live_.find(unit);
    if (const StartJob* job = jobs_.find_start(unit)) {
        const bool is_late = job->is_underway && live.state.ending == Ending::timed_out;
        end_start(unit, is_late ? JobResult::timed_out : JobResult::failed, live.reason, call);
    }
    for (const std::string& name : graph_.conflicting(unit)) {
        StartJob* job = jobs_.find_start(name);
        if (job == nullptr || job->is_underway || job->obstacle) continue;
        job->obstacle = find_obstacle(name);
        jobs_.wake(name);
    }
    jobs_.wake(unit);
}

}  // namespace confinit::engine
