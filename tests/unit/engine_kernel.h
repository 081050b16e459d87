// SPDX-License-Identifier: Apache-2.0
// SimulatedKernel: processes and nodes that live, die, ignore signals and resist, as chance has it.
#pragma once

#include "chance.h"
#include "engine/types.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace confinit::engine {

// It performs the engine's actions, and gives back events as a supervisor would see them: late, in
// changing order, some twice, but never an exit before its launch, and none of a released run or of
// an attempt that is over.
class SimulatedKernel {
public:
    struct Delivery {
        std::string unit;
        Event event;
        Fault fault = {};
    };

    // How often it has come to what only some starts come to.
    struct Tally {
        int rests = 0;
        int fresh_plans = 0;
        int keys_left_out = 0;
        int launchers_lost = 0;
        int outdated_plans = 0;
        int failed_drops = 0;

        void add(const Tally& other) {
            rests += other.rests;
            fresh_plans += other.fresh_plans;
            keys_left_out += other.keys_left_out;
            launchers_lost += other.launchers_lost;
            outdated_plans += other.outdated_plans;
            failed_drops += other.failed_drops;
        }
        int least() const {
            return std::min(
                {rests, fresh_plans, keys_left_out, launchers_lost, outdated_plans, failed_drops});
        }
    };

    explicit SimulatedKernel(Chance& chance) : chance_(chance) {}

    // An action that must not come now is told in problem().
    void perform(const Action& action, Time now);

    // A group has a node and no process.
    void set_group(const std::string& unit, bool is_group) {
        if (is_group) groups_.insert(unit);
        if (!is_group) groups_.erase(unit);
    }

    std::optional<Time> next_time() const;
    // Lets happen what is due first, and gives the event if there is one to deliver.
    std::optional<Delivery> advance();

    // Something of the unit's present start or run is there: a node, or at least a plan.
    bool has_run(const std::string& unit) const { return runs_.contains(unit); }
    bool has_node(const std::string& unit) const {
        const auto found = runs_.find(unit);
        return found != runs_.end() && found->second.is_made;
    }
    bool is_awaited(const std::string& unit) const {
        const auto found = runs_.find(unit);
        return found != runs_.end() && std::ranges::any_of(occurrences_, [&](const auto& one) {
                   return one.unit == unit && one.run == found->second.number;
               });
    }
    const Tally& tally() const { return tally_; }
    const std::string& problem() const { return problem_; }

private:
    enum class What { exec, setup_failure, clean_exit, failure, others_exit, awakening, delivery };

    struct Occurrence {
        Time time;
        std::uint64_t serial;
        std::string unit;
        std::uint64_t run;
        What what;
        Event event;
        Fault fault = {};

        bool operator<(const Occurrence& other) const {
            return std::pair{time, serial} < std::pair{other.time, other.serial};
        }
    };

    enum class Place { none, asked, planned, queued, called };

    // One start, through all of its attempts.
    struct Run {
        std::uint64_t number = 0;  // another one for each attempt
        Place place = Place::none;
        Fault fault = {};             // of the attempt that has failed
        bool must_be_planned = true;  // or the next attempt is one of the same plan
        bool is_planned_anew = false;
        bool is_group = false;  // as it was when the start began
        unsigned keys_left = 3;
        unsigned launchers_lost = 0;
        bool is_made = false;
        bool is_setting_up = true;
        bool main_lives = true;
        bool others_live = false;
        bool is_deaf = false;
        bool sleeps = false;  // uninterruptibly: no signal ends it
        bool was_told_empty = false;
        unsigned release_failures = 0;
        Time told_launched{0};
    };

    void plan(const std::string& unit, Time now);
    void await_turn(const std::string& unit, Run& run, Time now);
    void launch(const std::string& unit, Run& run, Time now);
    bool refuse(const std::string& unit, Run& run, Time now);
    void drop_plan(const std::string& unit, Run& run);
    void leave_out(const std::string& unit, Run& run);
    void drop_run(const std::string& unit, Run& run, Time now);
    void make(const std::string& unit, Run& run, Time now);
    Fault random_fault(const Run& run);
    void fail(const std::string& unit, Run& run, Time time);
    void send_stop_signal(const std::string& unit, Run& run, Time now);
    void kill_all(const std::string& unit, Run& run, Time now);
    void release(const std::string& unit, Run& run, Time now);
    void stand_still(const std::string& unit, const Run& run, Time now);
    void happen(const Occurrence& occurrence, Run& run);
    void say_something(const std::string& unit, Run& run);
    void end_main(const std::string& unit, Run& run, Event event, Time now);
    void look_for_empty(const std::string& unit, Run& run, Time now);
    void expect(const std::string& unit, const Run& run, What what, Time time);
    void tell(const std::string& unit, const Run& run, Event event, Time time,
              const Fault& fault = {});

    Chance& chance_;
    std::set<std::string> groups_;
    std::map<std::string, Run> runs_;
    std::set<Occurrence> occurrences_;
    std::uint64_t next_serial_ = 0;
    std::uint64_t next_run_ = 1;
    Tally tally_;
    std::string problem_;
};

inline void SimulatedKernel::perform(const Action& action, Time now) {
    if (action.kind == ActionKind::plan) return plan(action.unit, now);
    if (action.kind == ActionKind::job_done || action.kind == ActionKind::state_changed ||
        action.kind == ActionKind::end_everything) {
        return;
    }
    const auto found = runs_.find(action.unit);
    if (found == runs_.end()) {
        problem_ = "an action for '" + action.unit + "', which has no run";
        return;
    }
    Run& run = found->second;
    if (action.kind == ActionKind::await_turn) await_turn(action.unit, run, now);
    if (action.kind == ActionKind::launch) launch(action.unit, run, now);
    if (action.kind == ActionKind::drop_plan) drop_plan(action.unit, run);
    if (action.kind == ActionKind::leave_out) leave_out(action.unit, run);
    if (action.kind == ActionKind::drop_run) drop_run(action.unit, run, now);
    if (action.kind == ActionKind::send_stop_signal) send_stop_signal(action.unit, run, now);
    if (action.kind == ActionKind::send_abort_signal) send_stop_signal(action.unit, run, now);
    if (action.kind == ActionKind::kill_all) kill_all(action.unit, run, now);
    if (action.kind == ActionKind::release) release(action.unit, run, now);
    if (action.kind == ActionKind::find_leftovers) {
        tell(action.unit, run, Event::stuck, now + chance_.duration());
    }
}

inline std::optional<Time> SimulatedKernel::next_time() const {
    if (occurrences_.empty()) return std::nullopt;
    return occurrences_.begin()->time;
}

inline std::optional<SimulatedKernel::Delivery> SimulatedKernel::advance() {
    const Occurrence occurrence = *occurrences_.begin();
    occurrences_.erase(occurrences_.begin());
    const auto found = runs_.find(occurrence.unit);
    if (found == runs_.end() || found->second.number != occurrence.run) return std::nullopt;
    if (occurrence.what != What::delivery) {
        happen(occurrence, found->second);
        return std::nullopt;
    }
    if (occurrence.event == Event::released) runs_.erase(found);
    return Delivery{occurrence.unit, occurrence.event, occurrence.fault};
}

inline void SimulatedKernel::send_stop_signal(const std::string& unit, Run& run, Time now) {
    if (run.is_deaf || run.sleeps) return;
    const What how = chance_.one_in(2) ? What::clean_exit : What::failure;
    if (run.main_lives) expect(unit, run, how, now + chance_.duration());
    if (run.others_live && !chance_.one_in(4)) {
        expect(unit, run, What::others_exit, now + chance_.duration());
    }
}

// Somebody freezes it, and thaws it later.
inline void SimulatedKernel::stand_still(const std::string& unit, const Run& run, Time now) {
    const Time begin = now + chance_.duration();
    tell(unit, run, Event::frozen, begin);
    tell(unit, run, Event::thawed, begin + chance_.duration());
}

// Some sleepers wake in the end, and then they end; some never do.
inline void SimulatedKernel::kill_all(const std::string& unit, Run& run, Time now) {
    if (!run.is_made) return;
    if (run.sleeps && (run.main_lives || run.others_live)) {
        if (chance_.one_in(3)) expect(unit, run, What::awakening, now + 100 * chance_.duration());
        return;
    }
    run.others_live = false;
    if (run.main_lives) {
        end_main(unit, run, run.is_setting_up ? Event::launch_failed : Event::main_failed, now);
    }
    look_for_empty(unit, run, now);
}

inline void SimulatedKernel::release(const std::string& unit, Run& run, Time now) {
    // The last word: whatever an attempt still has to tell is of no interest.
    if (!run.is_made) {
        run.number = next_run_++;
        return tell(unit, run, Event::released, now + chance_.duration());
    }
    // A process that enters the node from outside, after it was empty, is the only excuse.
    if (run.main_lives || (run.others_live && !run.was_told_empty)) {
        problem_ = "a release of '" + unit + "', which has processes";
        return;
    }
    if (!run.others_live && chance_.one_in(10)) run.others_live = true;
    const bool fails = run.others_live || run.release_failures > 0;
    if (run.release_failures > 0) --run.release_failures;
    tell(unit, run, fails ? Event::release_failed : Event::released, now + chance_.duration());
}

inline void SimulatedKernel::happen(const Occurrence& occurrence, Run& run) {
    const auto& [time, serial, unit, number, what, event, fault] = occurrence;
    if (what == What::others_exit) run.others_live = false;
    if (what == What::awakening) {
        run.sleeps = false;
        return kill_all(occurrence.unit, run, time);
    }
    if (what == What::exec && run.is_setting_up && run.main_lives) {
        run.is_setting_up = false;
        run.others_live = chance_.one_in(3);
        run.told_launched = time + chance_.duration();
        tell(unit, run, Event::launched, run.told_launched);
        say_something(unit, run);
        const What end = chance_.one_in(2) ? What::clean_exit : What::failure;
        if (!chance_.one_in(3)) expect(unit, run, end, time + chance_.duration());
        if (!chance_.one_in(3)) expect(unit, run, What::others_exit, time + chance_.duration());
    }
    if (run.main_lives) {
        if (what == What::setup_failure) end_main(unit, run, Event::launch_failed, time);
        if (what == What::clean_exit) end_main(unit, run, Event::main_exited_clean, time);
        if (what == What::failure) end_main(unit, run, Event::main_failed, time);
    }
    look_for_empty(unit, run, time);
}

// Some services never say that they are ready, some say it twice, and few miss their watchdog.
inline void SimulatedKernel::say_something(const std::string& unit, Run& run) {
    while (!chance_.one_in(3)) {
        tell(unit, run, Event::ready, run.told_launched + chance_.duration());
    }
    if (!chance_.one_in(8)) return;
    tell(unit, run, Event::watchdog_missed, run.told_launched + chance_.duration());
}

inline void SimulatedKernel::end_main(const std::string& unit, Run& run, Event event, Time now) {
    run.main_lives = false;
    if (run.is_setting_up) return fail(unit, run, now + chance_.duration());
    tell(unit, run, event, std::max(run.told_launched, now) + chance_.duration());
}

inline void SimulatedKernel::look_for_empty(const std::string& unit, Run& run, Time now) {
    if (run.main_lives || run.others_live || run.was_told_empty) return;
    run.was_told_empty = true;
    tell(unit, run, Event::cgroup_empty, now + chance_.duration());
    if (chance_.one_in(4)) tell(unit, run, Event::cgroup_empty, now + chance_.duration());
}

inline void SimulatedKernel::expect(const std::string& unit, const Run& run, What what, Time time) {
    occurrences_.insert({time, next_serial_++, unit, run.number, what, Event::launched, {}});
}

inline void SimulatedKernel::tell(const std::string& unit, const Run& run, Event event, Time time,
                                  const Fault& fault) {
    occurrences_.insert({time, next_serial_++, unit, run.number, What::delivery, event, fault});
}

}  // namespace confinit::engine
