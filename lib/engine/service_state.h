// SPDX-License-Identifier: Apache-2.0
// The table of one unit's life: (state, input) -> (state, timer, actions), a pure function.
#pragma once

#include "engine/types.h"

#include <vector>

namespace confinit::engine {

// Everything that can move one unit: the turns that its jobs take, the events of the caller, and
// its timer.
enum class Input {
    hold,               // a start job must wait for others
    begin,              // a start job's turn has come
    stop,               // a stop job's turn has come
    dependency_failed,  // a unit that it requires failed and is tried again
    refused,            // it cannot start, and trying again would not help
    planned,
    turn_came,
    plan_outdated,
    launched,
    ready,
    launch_failed,  // and there is no other attempt
    try_later,      // it failed for want of something that may come
    plan_anew,      // it failed, perhaps by its plan
    leave_out,      // it failed for an optional key
    launch_again,   // the launcher was lost, and may be asked once again
    dropped,
    main_exited_clean,
    main_failed,
    watchdog_missed,
    cgroup_empty,
    released,
    release_failed,
    stuck,
    frozen,
    thawed,
    next_try,  // the timer of its attempts
    timed_out,
    late,  // its timer, when the wait for the end of a killed run has been too long
};

// exec is up when its program runs, notify when the program says so, oneshot when it has ended
// well. A group has a node and no process of its own: launched with it, and released when it is
// stopped.
enum class UnitKind { target, group, exec, notify, oneshot };

// How a run ends: the first cause counts, but a stop request takes precedence over all.
enum class Ending { none, clean, failed, timed_out, stopped };

// The next thing that a timer of a unit does: there is one, and one beside it of an attempt.
enum class Timer {
    keep,
    off,
    start,    // start_timeout
    attempt,  // the one beside it, of an attempt: until the next one, or the next drop_run
    stop,     // stop_timeout
    kill,     // ask for cgroup.kill again
    release,  // ask for the release again
    restart,  // the restart delay
    health,   // long enough a run to forget the failed ones before it
    pause,    // stand still, and go on from there
    resume,
};

struct Rules {
    UnitKind kind = UnitKind::exec;
    Restart restart = Restart::no;
    bool is_at_limit = false;  // it has been restarted as often in a row as it may be
};

// The sub state, and what must be remembered of the present run. `kind` is the one that the run
// began with: a reload may make a target of a unit whose processes run on.
struct ServiceState {
    SubState sub = SubState::dead;
    UnitKind kind = UnitKind::exec;
    Step step = Step::none;
    Step next_step = Step::none;  // after clearing, or resting
    bool has_had_turn = false;    // and so the start timeout counts
    bool is_launched = false;
    bool main_gone = false;  // its exit was seen
    bool is_empty = false;   // populated 0 was read; only together with main_gone is the run over
    bool is_frozen = false;  // since before it was asked to stop
    Ending ending = Ending::none;

    bool operator==(const ServiceState&) const = default;
};

struct Transition {
    ServiceState state;
    Timer timer = Timer::keep;
    std::vector<ActionKind> actions;
};

// An input that does not fit the state changes nothing.
Transition next(const ServiceState& state, Input input, const Rules& rules);

// An attempt that has failed is the last one here; answer_to_failure() decides whether there is
// another one.
Input input_of(Event event);

}  // namespace confinit::engine
