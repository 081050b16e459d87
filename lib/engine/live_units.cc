// SPDX-License-Identifier: Apache-2.0
// LiveUnits: the state, the timer and the history of every loaded unit.
#include "engine/live_units.h"

#include "base/text.h"
#include "engine/restart_policy.h"

#include <algorithm>

namespace confinit::engine {
namespace {

constexpr Time kill_interval{1'000'000};

// Before what has failed for another unit is tried again.
constexpr Time shortest_retry{100'000};

// So long is a killed run waited for, and a node that cannot be removed.
constexpr Time longest_patience{10'000'000};

// Of a timeout, how often its length a service may have in all.
constexpr int longest_extension = 10;

UnitKind kind_of(const UnitSpec& spec) {
    if (!spec.is_service) return spec.is_group ? UnitKind::group : UnitKind::target;
    if (spec.is_oneshot) return UnitKind::oneshot;
    return spec.tells_when_ready ? UnitKind::notify : UnitKind::exec;
}

Rules rules_of(const UnitSpec& spec, const LiveUnit& live) {
    const bool is_at_limit = spec.restart_limit != 0 && live.restarts >= spec.restart_limit;
    return {.kind = kind_of(spec), .restart = spec.restart, .is_at_limit = is_at_limit};
}

bool is_busy(SubState state) {
    return !is_down(state) && state != SubState::exited && state != SubState::stuck;
}

std::optional<Time> first_timer(const LiveUnit& live) {
    if (!live.deadline || !live.next_try) return live.deadline ? live.deadline : live.next_try;
    return std::min(*live.deadline, *live.next_try);
}

// Absent when the sum is beyond all time.
std::optional<Time> later_by(Time now, Time length) {
    if (length > Time::max() - now) return std::nullopt;
    return now + std::max(length, Time{0});
}

// A launch that was given up at its timeout tells afterwards how far it had come.
bool is_end_of_late_launch(const ServiceState& former, Input input) {
    return input == Input::launch_failed && former.ending == Ending::timed_out &&
           !former.is_launched;
}

bool is_end_of_restarts(const ServiceState& former, const ServiceState& state, const Rules& rules) {
    const bool has_failed = state.sub == SubState::failed && former.sub != SubState::failed;
    return has_failed && rules.restart != Restart::no && rules.is_at_limit;
}

std::string limit_text(const UnitSpec& spec) {
    return "; not tried again after service.restart_limit = " + std::to_string(spec.restart_limit);
}

}  // namespace

bool is_down(SubState state) {
    return state == SubState::dead || state == SubState::failed;
}

bool is_active(SubState state) {
    return state == SubState::running || state == SubState::exited;
}

bool is_own_end(const ServiceState& state) {
    const bool is_done = state.sub == SubState::exited || state.sub == SubState::dead;
    return state.sub == SubState::failed || (is_done && state.ending == Ending::clean);
}

bool is_up(SubState state) {
    return is_active(state) || state == SubState::start;
}

LiveUnits::LiveUnits(std::uint64_t seed) : seed_(seed), patience_(longest_patience) {}

void LiveUnits::remove(std::string_view unit) {
    if (const auto found = units_.find(unit); found != units_.end()) units_.erase(found);
}

const LiveUnit* LiveUnits::find(std::string_view unit) const {
    const auto found = units_.find(unit);
    return found == units_.end() ? nullptr : &found->second;
}

SubState LiveUnits::sub(std::string_view unit) const {
    const LiveUnit* live = find(unit);
    return live == nullptr ? SubState::dead : live->state.sub;
}

void LiveUnits::handle(const UnitSpec& spec, Event event, const Fault& fault,
                       std::string_view detail, Time now, Actions& actions) {
    LiveUnit& live = units_[spec.name];
    const bool is_failed_drop = event == Event::release_failed && live.state.step == Step::clearing;
    if (is_failed_drop) return handle_failed_drop(spec, live, now, actions);
    if (!is_failure_of_launch(event) || live.state.step == Step::none)
        return apply(spec, input_of(event), detail, now, actions);
    const Input input = answer_to_failure(live.attempts, event, fault);
    note_failure(live.attempts, input, fault, detail);
    apply(spec, input, detail, now, actions);
    if (is_worth_telling(live.attempts, input))
        actions.push_back({.kind = ActionKind::tell_of_retry, .unit = spec.name});
}

void LiveUnits::handle_failed_drop(const UnitSpec& spec, LiveUnit& live, Time now,
                                   Actions& actions) {
    ++live.attempts.drops_failed;
    const bool is_over = is_too_late_to_drop(live.attempts);
    const std::string failure = live.attempts.failure;
    apply(spec, is_over ? Input::launch_failed : Input::release_failed, failure, now, actions);
}

void LiveUnits::apply(const UnitSpec& spec, Input input, std::string_view detail, Time now,
                      Actions& actions) {
    LiveUnit& live = units_[spec.name];
    const ServiceState former = live.state;
    if (input == Input::begin) live.attempts = {};
    const Rules rules = rules_of(spec, live);
    Transition transition = next(former, input, rules);
    live.state = transition.state;

    const bool is_fresh = input == Input::begin || input == Input::stop;
    if (live.state.sub != former.sub) {
        if (is_fresh) live.reason = input == Input::stop ? detail : "";
        enter(live, former.sub, now);
        actions.push_back({.kind = ActionKind::state_changed, .unit = spec.name});
    }
    if (input == Input::frozen) live.frozen_by = detail;
    if (input == Input::thawed) live.frozen_by.clear();
    explain(spec, live, former, detail);
    if (is_end_of_late_launch(former, input) && live.attempts.failure.empty() && !detail.empty())
        live.reason.append(": ").append(detail);
    if (is_end_of_restarts(former, live.state, rules)) live.reason += limit_text(spec);
    if (input == Input::release_failed) ++live.release_failures;
    if (input == Input::timed_out && former.sub == SubState::running) live.restarts = 0;
    set_timer(spec, live, transition.timer, now);
    // Nothing has run meanwhile, so that without a pause the next try would be due at once again.
    if (input == Input::dependency_failed && live.state.sub == SubState::auto_restart) {
        set_deadline(spec.name, live, std::max(live.deadline.value_or(now), now + shortest_retry));
    }
    for (const ActionKind kind : transition.actions) {
        actions.push_back({.kind = kind, .unit = spec.name});
    }
    if (live.state.has_had_turn && !former.has_had_turn)
        actions.push_back({.kind = ActionKind::state_changed, .unit = spec.name});
}

void LiveUnits::enter(LiveUnit& live, SubState former, Time now) {
    const SubState sub = live.state.sub;
    live.since = now;
    if (is_busy(former)) --busy_;
    if (is_busy(sub)) ++busy_;
    if (sub == SubState::auto_restart) ++live.restarts;
    if (sub == SubState::dead || sub == SubState::exited) live.restarts = 0;
    if (sub == SubState::release) live.release_failures = 0;
}

void LiveUnits::explain(const UnitSpec& spec, LiveUnit& live, const ServiceState& former,
                        std::string_view detail) const {
    const Ending ending = live.state.ending;
    const bool is_unready =
        former.sub == SubState::start && former.kind == UnitKind::notify && former.is_launched;
    if (ending == Ending::failed && former.ending == Ending::none) {
        live.reason = detail;
        if (is_unready) live.reason += live.reason.empty() ? "not ready" : " before it was ready";
    }
    if (ending == Ending::timed_out && former.ending == Ending::none) {
        live.reason = "start timed out after " + format_duration(spec.start_timeout);
        if (former.step != Step::none && !live.attempts.failure.empty())
            live.reason += ", after " + live.attempts.failure;
        if (is_unready) live.reason += ", " + spec.unready_text;
    }
    if (live.state.sub == SubState::auto_restart && ending == Ending::clean) {
        live.reason = "ended with success";
    }
    const bool is_killed =
        former.sub == SubState::stop_sigterm && live.state.sub == SubState::stop_sigkill;
    if (is_killed && (live.reason.empty() || ending == Ending::stopped)) {
        if (!live.reason.empty()) live.reason += "; ";
        live.reason += live.is_cut_short
                           ? "did not stop before the end of everything"
                           : "did not stop within " + format_duration(spec.stop_timeout);
        if (!live.frozen_by.empty()) live.reason += ", frozen by " + live.frozen_by;
        live.reason += ", killed";
    }
    const bool is_stuck = former.sub != SubState::stuck && live.state.sub == SubState::stuck;
    if (is_stuck) live.reason = detail;
}

void LiveUnits::set_timer(const UnitSpec& spec, LiveUnit& live, Timer timer, Time now) {
    const bool waits = live.state.step == Step::clearing || live.state.step == Step::resting;
    if (!waits && live.next_try) set_next_try(spec.name, live, std::nullopt);
    if (timer == Timer::keep) return;
    if (timer == Timer::attempt) {
        const Time length = wait_in(live.state.step, live.attempts);
        return set_next_try(spec.name, live, later_by(now, length));
    }
    const auto length = timer_length(spec, live, timer);
    live.paused.reset();
    if (timer == Timer::pause && live.deadline) live.paused = *live.deadline - now;
    live.is_cut_short = false;
    auto deadline = length ? later_by(now, *length) : std::nullopt;
    if (timer == Timer::stop) deadline = limited(deadline, live, now);
    set_deadline(spec.name, live, deadline);
}

// The end of everything may leave a stop less time than its unit does.
std::optional<Time> LiveUnits::limited(std::optional<Time> deadline, LiveUnit& live,
                                       Time now) const {
    live.is_cut_short = stops_until_ && (!deadline || *deadline > *stops_until_);
    return live.is_cut_short ? std::max(*stops_until_, now) : deadline;
}

void LiveUnits::limit_stops(Time until, Time now) {
    constexpr int parts = 4;
    if (until == Time::max()) return;
    stops_until_ = until;
    patience_ = std::min(longest_patience, std::max(until - now, Time{0}) / parts);
    for (auto& [unit, live] : units_) {
        if (live.state.sub != SubState::stop_sigterm) continue;
        set_deadline(unit, live, limited(live.deadline, live, now));
    }
}

// Whether the wait of a unit that was killed has been too long, now that its timer has fired.
bool LiveUnits::is_late(const LiveUnit& live, Time now) const {
    if (now - live.since < patience_) return false;
    return live.state.sub == SubState::stop_sigkill || live.state.sub == SubState::release;
}

std::optional<Time> LiveUnits::timer_length(const UnitSpec& spec, const LiveUnit& live,
                                            Timer timer) const {
    switch (timer) {
    case Timer::keep:
    case Timer::off:
    case Timer::pause:
    case Timer::attempt:
        return std::nullopt;
    case Timer::resume:
        return live.paused;
    case Timer::start:
        return spec.start_timeout;
    case Timer::stop:
        return spec.stop_timeout;
    case Timer::kill:
        return kill_interval;
    case Timer::release:
        return release_delay(live.release_failures);
    case Timer::restart:
        return restart_delay(spec, live.restarts, seed_);
    case Timer::health:
        if (live.restarts == 0) return std::nullopt;
        return healthy_period(spec);
    }
    return std::nullopt;
}

void LiveUnits::set_deadline(const std::string& unit, LiveUnit& live,
                             std::optional<Time> deadline) {
    if (const auto former = first_timer(live)) due_.erase({*former, unit});
    live.deadline = deadline;
    if (const auto first = first_timer(live)) due_.emplace(*first, unit);
}

void LiveUnits::set_next_try(const std::string& unit, LiveUnit& live,
                             std::optional<Time> next_try) {
    if (const auto former = first_timer(live)) due_.erase({*former, unit});
    live.next_try = next_try;
    if (const auto first = first_timer(live)) due_.emplace(*first, unit);
}

void LiveUnits::extend(const UnitSpec& spec, Time length, Time now) {
    const auto found = units_.find(spec.name);
    if (found == units_.end() || !found->second.deadline) return;
    LiveUnit& live = found->second;
    const bool is_starting = live.state.sub == SubState::start;
    if (!is_starting && live.state.sub != SubState::stop_sigterm) return;
    const Time timeout = is_starting ? spec.start_timeout : spec.stop_timeout;
    const Time in_all =
        timeout > Time::max() / longest_extension ? Time::max() : timeout * longest_extension;
    const Time latest = later_by(live.since, in_all).value_or(Time::max());
    const Time wanted = std::min(later_by(now, length).value_or(Time::max()), latest);
    const auto deadline = is_starting ? wanted : limited(wanted, live, now).value_or(wanted);
    if (deadline > *live.deadline) set_deadline(spec.name, live, deadline);
}

void LiveUnits::forget_restarts(std::string_view unit) {
    if (const auto found = units_.find(unit); found != units_.end()) found->second.restarts = 0;
}

void LiveUnits::reset_failed(std::string_view unit, Time now, Actions& actions) {
    forget_restarts(unit);
    const auto found = units_.find(unit);
    if (found == units_.end() || found->second.state.sub != SubState::failed) return;
    LiveUnit& live = found->second;
    live.state = {};
    live.reason.clear();
    enter(live, SubState::failed, now);
    actions.push_back({.kind = ActionKind::state_changed, .unit = found->first});
}

void LiveUnits::set_reason(std::string_view unit, std::string reason) {
    const auto found = units_.find(unit);
    if (found != units_.end()) found->second.reason = std::move(reason);
}

std::optional<Time> LiveUnits::next_deadline() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
}

std::optional<LiveUnits::Due> LiveUnits::take_due(Time now) {
    if (due_.empty() || due_.begin()->first > now) return std::nullopt;
    std::string unit = due_.begin()->second;
    LiveUnit& live = units_[unit];
    if (!live.deadline || *live.deadline > now) {
        set_next_try(unit, live, std::nullopt);
        return Due{std::move(unit), Input::next_try};
    }
    set_deadline(unit, live, std::nullopt);
    return Due{std::move(unit), is_late(live, now) ? Input::late : Input::timed_out};
}

}  // namespace confinit::engine
