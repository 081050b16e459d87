// SPDX-License-Identifier: Apache-2.0
// The states, inputs and transitions of one unit as text, for the tests of the table.
#pragma once

#include "base/name_table.h"
#include "engine/service_state.h"

#include <string>

namespace confinit::engine {

inline constexpr auto input_names = make_name_table<Input>({
    {Input::hold, "hold"},
    {Input::begin, "begin"},
    {Input::stop, "stop"},
    {Input::dependency_failed, "dependency-failed"},
    {Input::refused, "refused"},
    {Input::planned, "planned"},
    {Input::turn_came, "turn-came"},
    {Input::plan_outdated, "plan-outdated"},
    {Input::launched, "launched"},
    {Input::ready, "ready"},
    {Input::launch_failed, "launch-failed"},
    {Input::try_later, "try-later"},
    {Input::plan_anew, "plan-anew"},
    {Input::leave_out, "leave-out"},
    {Input::launch_again, "launch-again"},
    {Input::dropped, "dropped"},
    {Input::main_exited_clean, "main-exited-clean"},
    {Input::main_failed, "main-failed"},
    {Input::watchdog_missed, "watchdog-missed"},
    {Input::cgroup_empty, "cgroup-empty"},
    {Input::released, "released"},
    {Input::release_failed, "release-failed"},
    {Input::stuck, "stuck"},
    {Input::frozen, "frozen"},
    {Input::thawed, "thawed"},
    {Input::next_try, "next-try"},
    {Input::timed_out, "timed-out"},
    {Input::late, "late"},
});

inline constexpr auto kind_names = make_name_table<UnitKind>({
    {UnitKind::target, "target"},
    {UnitKind::group, "group"},
    {UnitKind::exec, "exec"},
    {UnitKind::notify, "notify"},
    {UnitKind::oneshot, "oneshot"},
});

inline constexpr auto restart_names = make_name_table<Restart>({
    {Restart::no, "no"},
    {Restart::on_failure, "on-failure"},
    {Restart::always, "always"},
});

inline constexpr auto ending_names = make_name_table<Ending>({
    {Ending::none, "none"},
    {Ending::clean, "clean"},
    {Ending::failed, "failed"},
    {Ending::timed_out, "timed-out"},
    {Ending::stopped, "stopped"},
});

inline constexpr auto timer_names = make_name_table<Timer>({
    {Timer::keep, "keep"},
    {Timer::off, "off"},
    {Timer::start, "start"},
    {Timer::attempt, "attempt"},
    {Timer::stop, "stop"},
    {Timer::kill, "kill"},
    {Timer::release, "release"},
    {Timer::restart, "restart"},
    {Timer::health, "health"},
    {Timer::pause, "pause"},
    {Timer::resume, "resume"},
});

inline constexpr auto step_names = make_name_table<Step>({
    {Step::none, "none"},
    {Step::planning, "planning"},
    {Step::queued, "queued"},
    {Step::launching, "launching"},
    {Step::clearing, "clearing"},
    {Step::resting, "resting"},
});

inline constexpr auto action_names = make_name_table<ActionKind>({
    {ActionKind::plan, "plan"},
    {ActionKind::await_turn, "await-turn"},
    {ActionKind::drop_plan, "drop-plan"},
    {ActionKind::leave_out, "leave-out"},
    {ActionKind::drop_run, "drop-run"},
    {ActionKind::launch, "launch"},
    {ActionKind::send_stop_signal, "send-stop-signal"},
    {ActionKind::send_abort_signal, "send-abort-signal"},
    {ActionKind::kill_all, "kill-all"},
    {ActionKind::release, "release"},
    {ActionKind::find_leftovers, "find-leftovers"},
});

inline constexpr SubState sub_states[] = {
    SubState::dead,   SubState::waiting,      SubState::start,        SubState::running,
    SubState::exited, SubState::stop_sigterm, SubState::stop_sigkill, SubState::release,
    SubState::stuck,  SubState::auto_restart, SubState::failed,
};

// "running+launched:failed": the sub state, what was seen of the run, and how it ends;
// "start/resting/queued+turn": in the second step, which the third one follows.
inline std::string text_of(const ServiceState& state) {
    std::string text{name(state.sub)};
    for (const Step step : {state.step, state.next_step}) {
        if (step != Step::none) text.append("/").append(step_names.name(step));
    }
    if (state.has_had_turn) text += "+turn";
    if (state.is_launched) text += "+launched";
    if (state.main_gone) text += "+gone";
    if (state.is_empty) text += "+empty";
    if (state.is_frozen) text += "+frozen";
    if (state.ending != Ending::none) text.append(":").append(ending_names.name(state.ending));
    return text;
}

// "release+launched+gone+empty:clean @off release"; "same" for no effect at all.
inline std::string text_of(const ServiceState& former, const Transition& transition) {
    const bool is_same = transition.state == former && transition.timer == Timer::keep;
    std::string text = is_same ? "same" : text_of(transition.state);
    if (transition.timer != Timer::keep) {
        text.append(" @").append(timer_names.name(transition.timer));
    }
    for (const ActionKind kind : transition.actions) {
        text.append(" ").append(action_names.name(kind));
    }
    return text;
}

}  // namespace confinit::engine
