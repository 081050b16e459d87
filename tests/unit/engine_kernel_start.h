// SPDX-License-Identifier: Apache-2.0
// SimulatedKernel's part about starts: plans, turns and attempts, and what they fail for.
#pragma once

#include "engine_kernel.h"

namespace confinit::engine {

// The first one begins a start.
inline void SimulatedKernel::plan(const std::string& unit, Time now) {
    const bool is_first = !runs_.contains(unit);
    Run& run = runs_[unit];
    if (is_first) run.is_group = groups_.contains(unit);
    if (run.is_made) problem_ = "a plan for '" + unit + "', whose last run is not released";
    if (run.place != Place::none) problem_ = "'" + unit + "' is planned twice";
    if (!is_first && !run.must_be_planned) problem_ = "'" + unit + "' has a plan";
    run.number = next_run_++;
    run.place = Place::asked;
    const Time time = now + (chance_.one_in(3) ? Time{0} : chance_.duration());
    if (!chance_.one_in(12)) return tell(unit, run, Event::planned, time);
    run.place = Place::none;
    fail(unit, run, time);
}

// A planned start may have to wait; the turn comes once.
inline void SimulatedKernel::await_turn(const std::string& unit, Run& run, Time now) {
    const bool has_plan = run.place == Place::asked || !run.must_be_planned;
    if (!has_plan) problem_ = "'" + unit + "' has no plan";
    run.must_be_planned = true;
    run.place = Place::queued;
    tell(unit, run, Event::turn_came, now + (chance_.one_in(3) ? Time{0} : chance_.duration()));
}

inline void SimulatedKernel::launch(const std::string& unit, Run& run, Time now) {
    if (run.is_made) problem_ = "a launch of '" + unit + "', whose last run is not released";
    if (run.place != Place::queued) problem_ = "a launch of '" + unit + "' out of turn";
    run.place = Place::none;
    if (refuse(unit, run, now)) return;
    make(unit, run, now);
}

// Nothing is made, or nobody can tell.
inline bool SimulatedKernel::refuse(const std::string& unit, Run& run, Time now) {
    const Time time = now + chance_.duration();
    if (chance_.one_in(20)) {
        ++tally_.outdated_plans;
        tell(unit, run, Event::plan_outdated, time);
        return true;
    }
    run.is_made = true;
    run.main_lives = run.others_live = false;
    run.was_told_empty = true;
    if (chance_.one_in(15)) {
        ++tally_.launchers_lost;
        if (chance_.one_in(3)) tell(unit, run, Event::cgroup_empty, now + chance_.duration());
        run.fault = {};
        run.must_be_planned = false;
        if (++run.launchers_lost > 2)
            problem_ = "the launcher of '" + unit + "' is asked too often";
        tell(unit, run, Event::launcher_lost, time);
        return true;
    }
    if (!chance_.one_in(6)) return false;
    fail(unit, run, time);
    return true;
}

inline Fault SimulatedKernel::random_fault(const Run& run) {
    Fault fault;
    if (chance_.one_in(4)) fault.lack = chance_.one_in(2) ? Lack::node : Lack::resources;
    fault.plan_is_old = chance_.one_in(3);
    fault.key_is_optional = run.keys_left > 0 && chance_.one_in(2);
    return fault;
}

inline void SimulatedKernel::fail(const std::string& unit, Run& run, Time time) {
    run.fault = random_fault(run);
    const bool is_to_rest = run.fault.lack != Lack::nothing;
    if (is_to_rest) ++tally_.rests;
    run.must_be_planned = !run.is_made || !is_to_rest;
    tell(unit, run, Event::launch_failed, time, run.fault);
}

inline void SimulatedKernel::drop_plan(const std::string& unit, Run& run) {
    ++tally_.fresh_plans;
    if (!run.fault.plan_is_old) problem_ = "a plan of '" + unit + "' is dropped without need";
    if (run.is_planned_anew) problem_ = "'" + unit + "' is planned anew a second time";
    run.is_planned_anew = true;
}

inline void SimulatedKernel::leave_out(const std::string& unit, Run& run) {
    ++tally_.keys_left_out;
    if (!run.fault.key_is_optional) problem_ = "a key of '" + unit + "' is left out without need";
    if (run.fault.plan_is_old && !run.is_planned_anew) problem_ = unit + " blames its key first";
    --run.keys_left;
}

// It may resist, as a release may.
inline void SimulatedKernel::drop_run(const std::string& unit, Run& run, Time now) {
    if (!run.is_made) problem_ = "nothing of '" + unit + "' is to be dropped";
    if (run.main_lives) problem_ = "an attempt of '" + unit + "' is dropped, which has a process";
    const bool is_late = chance_.one_in(8);
    const Time time = now + chance_.duration();
    if (is_late) ++tally_.failed_drops;
    if (is_late) return tell(unit, run, Event::release_failed, time);
    run.number = next_run_++;
    run.is_made = false;
    tell(unit, run, Event::dropped, time);
}

inline void SimulatedKernel::make(const std::string& unit, Run& run, Time now) {
    run.is_setting_up = run.main_lives = true;
    run.was_told_empty = false;
    run.is_deaf = chance_.one_in(4);
    run.release_failures = chance_.one_in(3) ? chance_.below(12) : 0;
    if (run.is_group) {
        run.main_lives = false;
        run.was_told_empty = true;
        if (chance_.one_in(6)) return fail(unit, run, now + chance_.duration());
        return tell(unit, run, Event::launched, now + chance_.duration());
    }
    run.sleeps = chance_.one_in(20);
    if (chance_.one_in(10)) stand_still(unit, run, now);
    // One in twelve launches hangs.
    if (chance_.one_in(12)) return;
    const bool fails = chance_.one_in(6);
    expect(unit, run, fails ? What::setup_failure : What::exec, now + chance_.duration());
}

}  // namespace confinit::engine
