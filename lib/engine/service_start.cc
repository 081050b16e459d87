// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life: the attempts to launch it.
#include "engine/service_state_parts.h"

#include <utility>

namespace confinit::engine {
namespace {

Transition go_to(ServiceState state, Step step, std::vector<ActionKind> actions,
                 Timer timer = Timer::keep) {
    state.step = step;
    if (step != Step::clearing && step != Step::resting) state.next_step = Step::none;
    return {state, timer, std::move(actions)};
}

Transition plan(const ServiceState& state, std::vector<ActionKind> actions = {}) {
    actions.push_back(ActionKind::plan);
    return go_to(state, Step::planning, std::move(actions));
}

Transition await_turn(const ServiceState& state) {
    return go_to(state, Step::queued, {ActionKind::await_turn});
}

// Before its next step, which is one of the two that ask for something.
Transition rest(ServiceState state, Step next_step) {
    state.next_step = next_step;
    return go_to(state, Step::resting, {}, Timer::attempt);
}

Transition go_on(const ServiceState& state, Step step) {
    if (step == Step::resting) return rest(state, Step::queued);
    return step == Step::queued ? await_turn(state) : plan(state);
}

// Its plan could not be made: there is no node.
Transition fail_plan(const ServiceState& state, Input input) {
    if (input == Input::try_later) return rest(state, Step::planning);
    return plan(state, {input == Input::leave_out ? ActionKind::leave_out : ActionKind::drop_plan});
}

// Until its first turn it has all the time.
Transition take_turn(ServiceState state) {
    const Timer timer = state.has_had_turn ? Timer::keep : Timer::start;
    state.has_had_turn = true;
    return go_to(state, Step::launching, {ActionKind::launch}, timer);
}

// Its node resists, or what it has waited for may be there.
Transition try_again(const ServiceState& state) {
    if (state.step == Step::resting) return go_on(state, state.next_step);
    if (state.step != Step::clearing) return stay(state);
    return {state, Timer::keep, {ActionKind::kill_all, ActionKind::drop_run}};
}

}  // namespace

Transition begin_attempts(ServiceState fresh) {
    fresh.sub = SubState::start;
    fresh.step = Step::planning;
    return {fresh, Timer::off, {ActionKind::plan}};
}

// One that was to be launched, and has no process. The next one comes when nothing is left of it.
Transition fail_attempt(const ServiceState& state, Input input) {
    if (input == Input::plan_outdated) return plan(state);
    ServiceState failed = state;
    // As long as it stood still, its time did so as well.
    const Timer timer = failed.is_frozen ? Timer::resume : Timer::keep;
    failed.main_gone = failed.is_empty = failed.is_frozen = false;
    std::vector<ActionKind> actions;
    if (input == Input::plan_anew) actions.push_back(ActionKind::drop_plan);
    if (input == Input::leave_out) actions.push_back(ActionKind::leave_out);
    actions.push_back(ActionKind::drop_run);
    failed.next_step = Step::planning;
    if (input == Input::try_later) failed.next_step = Step::resting;
    if (input == Input::launch_again) failed.next_step = Step::queued;
    return go_to(failed, Step::clearing, std::move(actions), timer);
}

// planning, queued, clearing, resting: there is no process, and one that is stopped needs no
// SIGKILL.
Transition when_attempting(const ServiceState& state, Input input) {
    switch (input) {
    case Input::planned:
        return state.step == Step::planning ? await_turn(state) : stay(state);
    case Input::turn_came:
        return state.step == Step::queued ? take_turn(state) : stay(state);
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
        return state.step == Step::planning ? fail_plan(state, input) : stay(state);
    case Input::dropped:
        return state.step == Step::clearing ? go_on(state, state.next_step) : stay(state);
    case Input::release_failed:
        return {state, state.step == Step::clearing ? Timer::attempt : Timer::keep, {}};
    case Input::next_try:
        return try_again(state);
    case Input::launch_failed:
        return give_back(state, Ending::failed);
    case Input::timed_out:
        return give_back(state, Ending::timed_out);
    case Input::stop:
        return give_back(state, Ending::stopped);
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::plan_outdated:
    case Input::launched:
    case Input::ready:
    case Input::launch_again:
    case Input::main_exited_clean:
    case Input::main_failed:
    case Input::watchdog_missed:
    case Input::cgroup_empty:
    case Input::released:
    case Input::stuck:
    case Input::frozen:
    case Input::thawed:
    case Input::late:
        return stay(state);
    }
    return stay(state);
}

}  // namespace confinit::engine
