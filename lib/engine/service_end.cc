// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life: how a run ends, and what all states have in common.
#include "engine/service_state_parts.h"

#include <utility>

namespace confinit::engine {
namespace {

// After a run only its kind and its ending are kept.
Transition after_release(const ServiceState& state, const Rules& rules) {
    const ServiceState over{.kind = state.kind, .ending = state.ending};
    switch (state.ending) {
    case Ending::stopped:
        return enter(over, SubState::dead);
    case Ending::clean:
        if (state.kind == UnitKind::oneshot) return enter(over, SubState::exited);
        if (rules.restart == Restart::always) return retry_or_fail(over, rules);
        return enter(over, SubState::dead);
    case Ending::none:
    case Ending::failed:
    case Ending::timed_out:
        return retry_or_fail(over, rules);
    }
    return stay(state);
}

// The main process's exit and an empty node come in either order; the run is over with both. When
// the main process ends first, the rest is asked to follow.
Transition wind_down(const ServiceState& state) {
    if (!state.main_gone) return stay(state);
    if (state.is_empty) return enter(state, SubState::release, Timer::off, {ActionKind::release});
    if (state.sub == SubState::start || state.sub == SubState::running) {
        return enter(state, SubState::stop_sigterm, Timer::stop, {ActionKind::send_stop_signal});
    }
    return stay(state);
}

}  // namespace

Transition stay(const ServiceState& state) {
    return {state, Timer::keep, {}};
}

Transition enter(ServiceState state, SubState sub, Timer timer, std::vector<ActionKind> actions) {
    state.sub = sub;
    if (sub != SubState::start) {
        state.step = state.next_step = Step::none;
        state.has_had_turn = false;
    }
    return {state, timer, std::move(actions)};
}

Transition retry_or_fail(const ServiceState& state, const Rules& rules) {
    const bool runs_nothing = rules.kind == UnitKind::target || rules.kind == UnitKind::group;
    if (runs_nothing || rules.restart == Restart::no || rules.is_at_limit) {
        return enter(state, SubState::failed);
    }
    return enter(state, SubState::auto_restart, Timer::restart);
}

Transition lose_main(ServiceState state, Ending ending) {
    state.main_gone = true;
    if (state.ending == Ending::none) state.ending = ending;
    return wind_down(state);
}

Transition lose_all(ServiceState state, Ending ending) {
    state.is_empty = true;
    return lose_main(state, ending);
}

Transition empty(ServiceState state) {
    state.is_empty = true;
    return wind_down(state);
}

Transition launched(ServiceState state) {
    state.is_launched = true;
    state.step = Step::none;
    const bool is_up = state.sub == SubState::start && state.kind == UnitKind::exec;
    return is_up ? enter(state, SubState::running, Timer::health) : stay(state);
}

// The members of a group have been stopped before. If a process is left all the same, the release
// fails, and its next try kills it.
Transition give_back(ServiceState state, Ending ending) {
    state.main_gone = true;
    state.is_empty = true;
    state.ending = ending;
    return enter(state, SubState::release, Timer::off, {ActionKind::release});
}

Transition freeze(ServiceState state, Timer timer) {
    state.is_frozen = true;
    return {state, timer, {}};
}

Transition thaw(ServiceState state, Timer timer) {
    state.is_frozen = false;
    return {state, timer, {}};
}

ServiceState stopped(ServiceState state) {
    state.ending = Ending::stopped;
    return state;
}

// stop_sigterm and stop_sigkill: the wait for the last process.
Transition when_stopping(const ServiceState& state, Input input) {
    const bool is_killed = state.sub == SubState::stop_sigkill;
    switch (input) {
    case Input::launched:
        return launched(state);
    case Input::plan_outdated:
    case Input::launch_failed:
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
    case Input::launch_again:
        return state.is_launched ? stay(state) : lose_all(state, Ending::failed);
    case Input::main_exited_clean:
        return lose_main(state, Ending::clean);
    case Input::main_failed:
        return lose_main(state, Ending::failed);
    case Input::cgroup_empty:
        return empty(state);
    case Input::stop:
        return stay(stopped(state));
    case Input::timed_out:
        return enter(state, SubState::stop_sigkill, Timer::kill, {ActionKind::kill_all});
    case Input::late:
        return {state, Timer::kill, {ActionKind::kill_all, ActionKind::find_leftovers}};
    case Input::stuck:
        return is_killed ? enter(state, SubState::stuck) : stay(state);
    case Input::thawed:
        // A frozen process has the signal and cannot heed it: its time begins now, once.
        if (!state.is_frozen) return stay(state);
        return thaw(state, is_killed ? Timer::keep : Timer::stop);
    case Input::frozen:
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::planned:
    case Input::turn_came:
    case Input::dropped:
    case Input::next_try:
    case Input::ready:
    case Input::watchdog_missed:
    case Input::released:
    case Input::release_failed:
        return stay(state);
    }
    return stay(state);
}

Transition when_releasing(const ServiceState& state, Input input, const Rules& rules) {
    switch (input) {
    case Input::released:
        return after_release(state, rules);
    case Input::release_failed:
        return {state, Timer::release, {}};
    case Input::timed_out:
        // The node may be busy with a process that joined it after it was empty.
        return {state, Timer::off, {ActionKind::kill_all, ActionKind::release}};
    case Input::late:
        return {state,
                Timer::off,
                {ActionKind::kill_all, ActionKind::release, ActionKind::find_leftovers}};
    case Input::stuck:
        return enter(state, SubState::stuck, Timer::keep);
    case Input::stop:
        return stay(stopped(state));
    case Input::frozen:
    case Input::thawed:
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::planned:
    case Input::turn_came:
    case Input::plan_outdated:
    case Input::launched:
    case Input::ready:
    case Input::launch_failed:
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
    case Input::launch_again:
    case Input::dropped:
    case Input::next_try:
    case Input::main_exited_clean:
    case Input::main_failed:
    case Input::watchdog_missed:
    case Input::cgroup_empty:
        return stay(state);
    }
    return stay(state);
}

// A run that does not end. When its last process is gone all the same, it ends as any other does;
// a node that could not be removed is tried again and again.
Transition when_stuck(const ServiceState& state, Input input, const Rules& rules) {
    const bool is_over = state.main_gone && state.is_empty;
    switch (input) {
    case Input::launched:
        return launched(state);
    case Input::plan_outdated:
    case Input::launch_failed:
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
    case Input::launch_again:
        return state.is_launched || is_over ? stay(state) : lose_all(state, Ending::failed);
    case Input::main_exited_clean:
        return is_over ? stay(state) : lose_main(state, Ending::clean);
    case Input::main_failed:
        return is_over ? stay(state) : lose_main(state, Ending::failed);
    case Input::cgroup_empty:
        return is_over ? stay(state) : empty(state);
    case Input::stop:
        return {stopped(state), Timer::keep, {ActionKind::kill_all}};
    case Input::timed_out:
        if (!is_over) return {state, Timer::off, {}};
        return {state, Timer::off, {ActionKind::kill_all, ActionKind::release}};
    case Input::released:
        return is_over ? after_release(state, rules) : stay(state);
    case Input::release_failed:
        return is_over ? Transition{state, Timer::release, {}} : stay(state);
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::planned:
    case Input::turn_came:
    case Input::dropped:
    case Input::next_try:
    case Input::ready:
    case Input::watchdog_missed:
    case Input::late:
    case Input::stuck:
    case Input::frozen:
    case Input::thawed:
        return stay(state);
    }
    return stay(state);
}

}  // namespace confinit::engine
