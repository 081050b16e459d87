// SPDX-License-Identifier: Apache-2.0
// The engine's part about requests: the jobs that each of them gives, and to whom.
#include "engine/engine.h"

#include <string>

namespace confinit::engine {
namespace {

// The run is ending or has ended, and its processes or its node are still there.
bool is_winding_down(SubState state) {
    return state == SubState::stop_sigterm || state == SubState::stop_sigkill ||
           state == SubState::release;
}

}  // namespace

// Gives jobs to the units of a plan, after stop jobs to what conflicts with them.
void Engine::start_units(const StartSet& plan, std::string_view root, const JobNumbers& numbers,
                         Origin origin, Call& call) {
    for (const std::string& unit : plan.units) {
        // It does not start, so nobody has to make way for it.
        if (live_.sub(unit) == SubState::stuck) continue;
        for (const std::string& rival : graph_.conflicting(unit)) {
            const std::string reason = "stopped for '" + unit + "', which it conflicts with";
            for (const std::string& name : graph_.dependents(rival))
                request_stop(name, {}, call, "requires '" + rival + "', " + reason);
            request_stop(rival, {}, call, reason);
        }
    }
    for (const std::string& unit : plan.units) {
        request_start(unit, unit == root ? numbers : JobNumbers{}, origin, call);
    }
    for (const LeftOut& left_out : plan.left_out)
        leave_out(left_out.unit, left_out.reason, call);
}

// It was to start, and does not. One that is up has been told to stop.
void Engine::leave_out(const std::string& unit, const std::string& reason, Call& call) {
    if (!is_down(live_.sub(unit)) || jobs_.has_job(unit)) return;
    live_.set_reason(unit, reason);
    apply(unit, Input::refused, call);
}

void Engine::refuse_stuck(std::string_view unit, const JobNumbers& numbers, Call& call) const {
    const std::string text = "its last run has not ended: " + live_.find(unit)->reason;
    report(unit, numbers, JobResult::failed, text, call.actions);
}

void Engine::request_start(const std::string& unit, const JobNumbers& numbers, Origin origin,
                           Call& call) {
    if (is_active(live_.sub(unit)) && jobs_.find_stop(unit) == nullptr) {
        report(unit, numbers, JobResult::done, "", call.actions);
        return;
    }
    if (live_.sub(unit) == SubState::stuck) {
        refuse_stuck(unit, numbers, call);
        return;
    }
    const bool is_new = jobs_.find_start(unit) == nullptr;
    StartJob& job = jobs_.add_start(unit, numbers);
    job.is_retry = origin == Origin::automatic && (is_new || job.is_retry);
    if (origin == Origin::request) {
        job.obstacle.reset();
        make_way(unit, call);
    }
    if (auto obstacle = find_obstacle(unit)) job.obstacle = std::move(obstacle);
}

// A request does not wait for the restart delay, nor does it share the fate of a run that is
// already failing: that run is stopped, and the start comes after it.
void Engine::make_way(const std::string& unit, Call& call) {
    live_.forget_restarts(unit);
    const ServiceState& state = live_.find(unit)->state;
    if (state.sub == SubState::auto_restart) apply(unit, Input::hold, call);
    const bool ends_well = state.kind == UnitKind::oneshot && state.ending == Ending::clean;
    if (!is_winding_down(state.sub) || ends_well) return;
    jobs_.find_start(unit)->is_underway = false;
    apply(unit, Input::stop, call);
}

void Engine::request_stop(const std::string& unit, const JobNumbers& numbers, Call& call,
                          const std::string& reason) {
    if (jobs_.find_start(unit) != nullptr) {
        end_start(unit, JobResult::canceled, reason.empty() ? "it was stopped" : reason, call);
    }
    if (is_down(live_.sub(unit))) {
        report(unit, numbers, JobResult::done, "", call.actions);
        return;
    }
    if (live_.sub(unit) == SubState::stuck) apply(unit, Input::stop, call);
    jobs_.add_stop(unit, numbers).reason = reason;
}

// Stops a unit that is up and starts it again. One that is being stopped stays so.
void Engine::bounce(const std::string& unit) {
    if (!is_up(live_.sub(unit)) || jobs_.find_stop(unit) != nullptr) return;
    jobs_.add_stop(unit, {});
    jobs_.add_start(unit, {}).is_underway = false;
}

// The restart delay is over.
void Engine::start_again(const std::string& unit, Call& call) {
    // A stuck unit may be released, and so come here, after everything was to stop.
    if (is_shutting_down_) return apply(unit, Input::stop, call);
    const auto plan = graph_.find_start_set(unit, Pull::required);
    if (!plan) {
        live_.set_reason(unit, plan.error().text());
        apply(unit, Input::refused, call);
        return;
    }
    start_units(*plan, unit, {}, Origin::automatic, call);
}

}  // namespace confinit::engine
