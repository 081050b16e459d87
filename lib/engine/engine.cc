// SPDX-License-Identifier: Apache-2.0
// Engine: decides what should happen to every unit; pure, given the time, it makes no system call.
#include "engine/engine.h"

#include "engine/state_changes.h"

#include <algorithm>
#include <utility>

namespace confinit::engine {
std::optional<std::string> Engine::load(UnitSpec spec) {
    const std::string unit = spec.name;
    const UnitSpec* known = graph_.find(unit);
    std::vector<std::string> dropped =
        known != nullptr ? known->requires_units : std::vector<std::string>{};
    std::erase_if(dropped, [&](const std::string& name) {
        return std::ranges::find(spec.requires_units, name) != spec.requires_units.end();
    });
    if (auto cycle = graph_.add(std::move(spec))) return cycle;
    live_.add(unit);
    why_missing_.erase(unit);
    note_groups(dropped);
    // Another order may let jobs go on that wait for a unit which they need not wait for any more.
    jobs_.wake_all();
    return std::nullopt;
}

bool Engine::forget(std::string_view unit) {
    if (!is_down(live_.sub(unit)) || jobs_.has_job(unit)) return false;
    graph_.remove(unit);
    live_.remove(unit);
    jobs_.wake_all();
    return true;
}

void Engine::explain_missing(std::string unit, std::string why) {
    why_missing_.insert_or_assign(std::move(unit), std::move(why));
}

Obstacle Engine::missing_requirement(const std::string& unit) const {
    std::string reason = "requires '" + unit + "', which is not loaded";
    const auto why = why_missing_.find(unit);
    if (why != why_missing_.end()) reason += ": " + why->second;
    return {std::move(reason)};
}

bool Engine::admits_start(std::string_view unit, std::uint64_t job, Call& call) const {
    if (!knows(unit)) {
        report(unit, {job}, JobResult::not_found, "", call.actions);
        return false;
    }
    if (is_shutting_down_) {
        report(unit, {job}, JobResult::canceled, "the system is shutting down", call.actions);
        return false;
    }
    if (live_.sub(unit) == SubState::stuck) {
        refuse_stuck(unit, {job}, call);
        return false;
    }
    return true;
}

Actions Engine::start(std::string_view unit, std::uint64_t job, Time now) {
    Call call{now, {}};
    if (!admits_start(unit, job, call)) return call.actions;
    const auto plan = graph_.find_start_set(unit, Pull::required_and_wanted);
    if (!plan) {
        report(unit, {job}, JobResult::failed, plan.error().text(), call.actions);
        return call.actions;
    }
    start_units(*plan, unit, {job}, Origin::request, call);
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

Actions Engine::restart(std::string_view unit, std::uint64_t job, Time now) {
    Call call{now, {}};
    if (!admits_start(unit, job, call)) return call.actions;
    const auto plan = graph_.find_start_set(unit, Pull::required_and_wanted);
    if (!plan) {
        report(unit, {job}, JobResult::failed, plan.error().text(), call.actions);
        return call.actions;
    }
    bounce(std::string{unit});
    for (const std::string& name : graph_.dependents(unit))
        bounce(name);
    start_units(*plan, unit, {job}, Origin::request, call);
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

Actions Engine::stop(std::string_view unit, std::uint64_t job, Time now) {
    Call call{now, {}};
    if (!knows(unit)) {
        report(unit, {job}, JobResult::not_found, "", call.actions);
        return call.actions;
    }
    for (const std::string& name : graph_.dependents(unit))
        request_stop(name, {}, call);
    request_stop(std::string{unit}, {job}, call);
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

Actions Engine::reset_failed(std::string_view unit, Time now) {
    Call call{now, {}};
    if (!knows(unit)) return call.actions;
    live_.reset_failed(unit, now, call.actions);
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

Actions Engine::shut_down(Time now, Time until) {
    Call call{now, {}};
    is_shutting_down_ = true;
    live_.limit_stops(until, now);
    for (const std::string& name : names())
        request_stop(name, {}, call);
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

Actions Engine::handle(std::string_view unit, Event event, Time now, std::string_view detail,
                       const Fault& fault) {
    Call call{now, {}};
    const UnitSpec* spec = graph_.find(unit);
    // Its stop waits for others to stop, and is what comes next for it.
    const bool is_too_late = event == Event::turn_came && is_to_stop(unit);
    if (spec != nullptr && !is_too_late) {
        const SubState former = live_.sub(unit);
        live_.handle(*spec, event, fault, detail, now, call.actions);
        follow(spec->name, former, call);
    }
    settle(call);
    return tell_changes_once(std::move(call.actions));
}

void Engine::extend(std::string_view unit, Time length, Time now) {
    if (const UnitSpec* spec = graph_.find(unit)) live_.extend(*spec, length, now);
}

Actions Engine::expire(Time now) {
    Call call{now, {}};
    settle(call);
    while (const auto due = live_.take_due(now)) {
        const bool is_retry = live_.sub(due->unit) == SubState::auto_restart;
        apply(due->unit, due->input, call);
        if (is_retry) start_again(due->unit, call);
        settle(call);
    }
    return tell_changes_once(std::move(call.actions));
}

std::optional<Time> Engine::next_deadline() const {
    // Jobs that a load has set free are due at once.
    if (jobs_.has_woken()) return Time{0};
    return live_.next_deadline();
}

UnitState Engine::state(std::string_view unit) const {
    const LiveUnit* live = live_.find(unit);
    if (live == nullptr) return {};
    return {
        .sub = live->state.sub,
        .active = active_state(live->state.sub),
        .step = live->state.step,
        .has_had_turn = live->state.has_had_turn,
        .deadline = live->deadline,
        .next_try = live->next_try,
        .since = live->since,
        .restarts = live->restarts,
        .is_frozen = live->state.is_frozen,
        .has_timed_out = live->state.ending == Ending::timed_out,
        .is_cut_short = live->is_cut_short,
        .reason = live->reason,
    };
}

std::vector<std::string> Engine::waits_for(std::string_view unit) const {
    if (!jobs_.has_job(unit)) return {};
    return jobs_.blockers(unit, graph_);
}

std::vector<std::string> Engine::started_with(std::string_view unit) const {
    if (!knows(unit)) return {};
    auto plan = graph_.find_start_set(unit, Pull::required_and_wanted);
    return plan ? std::move(plan->units) : std::vector{std::string{unit}};
}

void Engine::settle(Call& call) {
    advance_jobs(call);
    while (!perhaps_unneeded_.empty()) {
        stop_unneeded_groups(call);
        advance_jobs(call);
    }
}

// Lets every woken job go as far as it can; what ends on the way wakes others.
void Engine::advance_jobs(Call& call) {
    while (const auto unit = jobs_.take_woken()) {
        if (jobs_.find_stop(*unit) != nullptr) {
            advance_stop(*unit, call);
        } else if (jobs_.find_start(*unit) != nullptr) {
            advance_start(*unit, call);
        }
    }
}

void Engine::advance_start(const std::string& unit, Call& call) {
    StartJob& job = *jobs_.find_start(unit);
    const SubState sub = live_.sub(unit);
    // The present run decides, or ends first; and a job that came along with another one leaves the
    // restart delay be.
    if (!is_down(sub) && sub != SubState::waiting) return;
    if (job.obstacle) return fail_start(unit, Obstacle{*job.obstacle}, call);
    if (jobs_.is_blocked(unit, graph_)) return apply(unit, Input::hold, call);
    job.is_underway = true;
    apply(unit, Input::begin, call);
}

void Engine::advance_stop(const std::string& unit, Call& call) {
    const SubState sub = live_.sub(unit);
    if (sub == SubState::stuck) {
        const std::string reason = live_.find(unit)->reason;
        report(unit, jobs_.end_stop(unit, graph_), JobResult::timed_out, reason, call.actions);
        return;
    }
    if (is_up(sub) && jobs_.is_blocked(unit, graph_)) return;
    if (!is_down(sub)) return apply(unit, Input::stop, call, jobs_.find_stop(unit)->reason);
    report(unit, jobs_.end_stop(unit, graph_), JobResult::done, "", call.actions);
}

void Engine::apply(const std::string& unit, Input input, Call& call, std::string_view detail) {
    const SubState former = live_.sub(unit);
    live_.apply(*graph_.find(unit), input, detail, call.now, call.actions);
    follow(unit, former, call);
}

// A unit that is to stop, or will start again, because somebody has asked for that meanwhile, has
// not ended by itself.
bool Engine::ends_everything(const std::string& unit, const ServiceState& state) const {
    if (is_shutting_down_ || !graph_.find(unit)->is_essential || !is_own_end(state)) return false;
    if (is_to_stop(unit)) return false;
    const StartJob* job = jobs_.find_start(unit);
    return job == nullptr || job->obstacle.has_value();
}

// The jobs of a unit learn of its new state.
void Engine::follow(const std::string& unit, SubState former, Call& call) {
    const LiveUnit& live = *live_.find(unit);
    const SubState sub = live.state.sub;
    if (sub == former) return;
    const StartJob* job = jobs_.find_start(unit);
    if (job != nullptr && job->is_underway) {
        if (is_active(sub)) end_start(unit, JobResult::done, "", call);
        if (is_down(sub) || sub == SubState::auto_restart) {
            const bool is_late = live.state.ending == Ending::timed_out;
            end_start(unit, is_late ? JobResult::timed_out : JobResult::failed, live.reason, call);
        }
    }
    if (is_down(sub) || sub == SubState::auto_restart) jobs_.wake(unit);
    if (is_down(sub)) note_loss(unit);
    if (ends_everything(unit, live.state))
        call.actions.push_back({.kind = ActionKind::end_everything, .unit = unit});
    if (sub == SubState::stuck) give_up(unit, call);
}

void Engine::end_start(const std::string& unit, JobResult result, const std::string& reason,
                       Call& call) {
    report(unit, jobs_.end_start(unit, graph_), result, reason, call.actions);
    if (result != JobResult::done && result != JobResult::canceled) {
        obstruct_dependents(unit, reason);
    }
}

void Engine::fail_start(const std::string& unit, const Obstacle& obstacle, Call& call) {
    live_.set_reason(unit, obstacle.reason);
    apply(unit, obstacle.may_pass ? Input::dependency_failed : Input::refused, call);
    end_start(unit, JobResult::dependency_failed, obstacle.reason, call);
}

// Those that do not wait for their turn any more have begun without it, and go on.
void Engine::obstruct_dependents(const std::string& unit, const std::string& reason) {
    const SubState sub = live_.sub(unit);
    const bool may_pass = sub == SubState::auto_restart || sub == SubState::stuck;
    for (const std::string& name : graph_.required_by(unit)) {
        StartJob* job = jobs_.find_start(name);
        if (job == nullptr || job->is_underway || job->obstacle) continue;
        std::string text = "requires '" + unit + "', which failed";
        if (!reason.empty()) text += ": " + reason;
        job->obstacle = Obstacle{std::move(text), may_pass};
        jobs_.wake(name);
    }
}

}  // namespace confinit::engine
