// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life: (state, input) -> (state, timer, actions), a pure function.
#include "engine/service_state.h"

#include "engine/service_state_parts.h"

namespace confinit::engine {
namespace {

Transition begin(const Rules& rules) {
    const ServiceState fresh{.kind = rules.kind};
    if (rules.kind == UnitKind::target) return enter(fresh, SubState::running, Timer::health);
    return begin_attempts(fresh);
}

Transition ready(const ServiceState& state) {
    const bool is_up = state.kind == UnitKind::notify && state.is_launched;
    return is_up ? enter(state, SubState::running, Timer::health) : stay(state);
}

// A service that missed its watchdog is aborted, so that it can dump core.
Transition miss_watchdog(ServiceState state) {
    if (state.main_gone) return stay(state);
    state.ending = Ending::failed;
    return enter(state, SubState::stop_sigterm, Timer::stop, {ActionKind::send_abort_signal});
}

// dead, waiting, auto_restart, failed: there is no run.
Transition when_idle(const ServiceState& state, Input input, const Rules& rules) {
    const bool is_pending = state.sub == SubState::waiting || state.sub == SubState::auto_restart;
    switch (input) {
    case Input::hold:
        return enter(state, SubState::waiting);
    case Input::begin:
        return begin(rules);
    case Input::stop:
        return is_pending ? enter(state, SubState::dead) : stay(state);
    case Input::dependency_failed:
        return retry_or_fail(state, rules);
    case Input::refused:
        return enter(state, SubState::failed);
    case Input::timed_out:
        if (state.sub == SubState::auto_restart) return enter(state, SubState::waiting);
        return stay(state);
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
    case Input::released:
    case Input::release_failed:
    case Input::stuck:
    case Input::frozen:
    case Input::thawed:
    case Input::late:
        return stay(state);
    }
    return stay(state);
}

// A group that is active, or whose node is being made.
Transition when_group(const ServiceState& state, Input input) {
    const bool is_starting = state.sub == SubState::start;
    switch (input) {
    case Input::launched:
        return is_starting ? enter(state, SubState::running) : stay(state);
    case Input::launch_failed:
        return is_starting ? give_back(state, Ending::failed) : stay(state);
    case Input::plan_outdated:
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
    case Input::launch_again:
        return is_starting ? fail_attempt(state, input) : stay(state);
    case Input::timed_out:
        return is_starting ? give_back(state, Ending::timed_out) : stay(state);
    case Input::stop:
        return give_back(state, Ending::stopped);
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::planned:
    case Input::turn_came:
    case Input::dropped:
    case Input::next_try:
    case Input::main_exited_clean:
    case Input::main_failed:
    case Input::ready:
    case Input::watchdog_missed:
    case Input::cgroup_empty:
    case Input::released:
    case Input::release_failed:
    case Input::stuck:
    case Input::frozen:
    case Input::thawed:
    case Input::late:
        return stay(state);
    }
    return stay(state);
}

// The process is on its way to execve(2), or the service is not up yet.
Transition when_starting(const ServiceState& state, Input input) {
    if (state.step != Step::none && state.step != Step::launching)
        return when_attempting(state, input);
    if (state.kind == UnitKind::group) return when_group(state, input);
    switch (input) {
    case Input::launched:
        return launched(state);
    case Input::ready:
        return ready(state);
    case Input::launch_failed:
        return state.is_launched ? stay(state) : lose_all(state, Ending::failed);
    case Input::plan_outdated:
    case Input::try_later:
    case Input::plan_anew:
    case Input::leave_out:
    case Input::launch_again:
        return state.is_launched ? stay(state) : fail_attempt(state, input);
    case Input::main_exited_clean: {
        // A process that ends without having reached execve, or having said that it is ready, has
        // not done its work.
        const bool is_done = state.is_launched && state.kind != UnitKind::notify;
        return lose_main(state, is_done ? Ending::clean : Ending::failed);
    }
    case Input::main_failed:
        return lose_main(state, Ending::failed);
    case Input::cgroup_empty:
        return empty(state);
    case Input::timed_out: {
        ServiceState late = state;
        late.ending = Ending::timed_out;
        return enter(late, SubState::stop_sigkill, Timer::kill, {ActionKind::kill_all});
    }
    case Input::stop:
        // Before execve the stop signal would meet our own code in the child.
        if (!state.is_launched) {
            return enter(stopped(state), SubState::stop_sigkill, Timer::kill,
                         {ActionKind::kill_all});
        }
        return enter(stopped(state), SubState::stop_sigterm, Timer::stop,
                     {ActionKind::send_stop_signal});
    case Input::frozen:
        return state.is_frozen ? stay(state) : freeze(state, Timer::pause);
    case Input::thawed:
        return state.is_frozen ? thaw(state, Timer::resume) : stay(state);
    case Input::hold:
    case Input::begin:
    case Input::dependency_failed:
    case Input::refused:
    case Input::planned:
    case Input::turn_came:
    case Input::dropped:
    case Input::next_try:
    case Input::watchdog_missed:
    case Input::released:
    case Input::release_failed:
    case Input::stuck:
    case Input::late:
        return stay(state);
    }
    return stay(state);
}

// A running target and a oneshot that has exited: active without a process.
Transition when_active_without_process(const ServiceState& state, Input input) {
    return input == Input::stop ? enter(stopped(state), SubState::dead) : stay(state);
}

Transition when_running(const ServiceState& state, Input input) {
    if (state.kind == UnitKind::target) return when_active_without_process(state, input);
    if (state.kind == UnitKind::group) return when_group(state, input);
    switch (input) {
    case Input::main_exited_clean:
        return lose_main(state, Ending::clean);
    case Input::main_failed:
        return lose_main(state, Ending::failed);
    case Input::cgroup_empty:
        return empty(state);
    case Input::stop:
        return enter(stopped(state), SubState::stop_sigterm, Timer::stop,
                     {ActionKind::send_stop_signal});
    case Input::watchdog_missed:
        return miss_watchdog(state);
    case Input::timed_out:
        return {state, Timer::off, {}};
    case Input::frozen:
        return freeze(state, Timer::keep);
    case Input::thawed:
        return thaw(state, Timer::keep);
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
    case Input::released:
    case Input::release_failed:
    case Input::stuck:
    case Input::late:
        return stay(state);
    }
    return stay(state);
}

}  // namespace

Transition next(const ServiceState& state, Input input, const Rules& rules) {
    switch (state.sub) {
    case SubState::dead:
    case SubState::waiting:
    case SubState::auto_restart:
    case SubState::failed:
        return when_idle(state, input, rules);
    case SubState::start:
        return when_starting(state, input);
    case SubState::running:
        return when_running(state, input);
    case SubState::exited:
        return when_active_without_process(state, input);
    case SubState::stop_sigterm:
    case SubState::stop_sigkill:
        return when_stopping(state, input);
    case SubState::release:
        return when_releasing(state, input, rules);
    case SubState::stuck:
        return when_stuck(state, input, rules);
    }
    return stay(state);
}

Input input_of(Event event) {
    switch (event) {
    case Event::planned:
        return Input::planned;
    case Event::turn_came:
        return Input::turn_came;
    case Event::plan_outdated:
        return Input::plan_outdated;
    case Event::launched:
        return Input::launched;
    case Event::ready:
        return Input::ready;
    case Event::launch_failed:
    case Event::launcher_lost:
        return Input::launch_failed;
    case Event::dropped:
        return Input::dropped;
    case Event::main_exited_clean:
        return Input::main_exited_clean;
    case Event::main_failed:
        return Input::main_failed;
    case Event::watchdog_missed:
        return Input::watchdog_missed;
    case Event::cgroup_empty:
        return Input::cgroup_empty;
    case Event::released:
        return Input::released;
    case Event::release_failed:
        return Input::release_failed;
    case Event::stuck:
        return Input::stuck;
    case Event::frozen:
        return Input::frozen;
    case Event::thawed:
        return Input::thawed;
    }
    return Input::timed_out;
}

}  // namespace confinit::engine
