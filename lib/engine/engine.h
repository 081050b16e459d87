// SPDX-License-Identifier: Apache-2.0
// Engine: decides what should happen to every unit; pure, given the time, it makes no system call.
//
// The words. A *unit* is known by its name. A *service unit* has processes; a unit without them is
// a target, which is active as soon as its start has its turn. A *job* is one request (start, stop)
// on its way for one unit; a request for a unit brings the jobs of the units it needs along. The
// caller feeds requests, events and the passing of time, and performs the actions that come back,
// in their order, those of a later call after those of an earlier one. The outcome of an action
// comes back as an event, also when it fails.
//
// Start. The unit, all that it requires and all that they want start together, each as soon as no
// job of a unit before it in order is left. Order comes from `after` and `before` and counts only
// between units that have jobs: without `after`, a service does not wait for what it requires. A
// target does, and for what it wants, unless one of these is ordered after it: it is reached when
// each of them is up or has failed. While a unit waits, a required one that fails to start ends its
// job as dependency_failed; a required one that dies later, once it was up, leaves its dependents
// alone.
//
// Stop. What requires the unit, directly or through others, is stopped before it. A stop cancels a
// start; a start during a stop comes after it. A restart is a stop, then a start, with what
// requires the unit and is up restarted around it.
//
// A run that does not end. A process in uninterruptible sleep does not heed SIGKILL either. After
// some time of waiting its unit is stuck: its stop ends as timed_out, what is ordered behind it
// goes on, and a start of it, of what requires it or of what conflicts with it fails at once. It
// ends as any other run when its last process does.
//
// The end of a run. A run is over when the main process's exit and cgroup_empty were both seen;
// then the node is released, and only then does the next run begin. A start job ends when its unit
// is active (an exec service: when launched; one that tells when it is ready: when it has; a
// oneshot: when it has exited) or when the failed run is released, so that a look at the state
// after a failed start tells of the failure.
//
// Attempts. A start is planned, has its turn, and is launched. An attempt that fails before execve
// may be followed by another one, see attempts.h: its node is removed, and the next one begins at
// once or after a pause, with the same plan or another. All of them have the start timeout
// together, counted from the first turn. A unit that is to stop has no turn.
//
// Groups. A group is a unit that has a node and runs nothing; those whose nodes are below it
// require it. It starts with the first of them, and when the last unit that requires it has gone
// down it is stopped; one that was started for itself waits for its first.
//
// Restart. A failed run of a service with a restart policy is tried again for ever, see
// restart_policy.h, and so is a start whose requirement failed and will itself be tried again. An
// automatic restart starts what the unit requires where that is down, but not what it wants. A
// request for a unit, or for one that needs it, starts it at once and sets its attempts to 0. Where
// the unit has a limit, it has failed for good after so many in a row.
//
// The end of everything. When an essential unit is over for good and nobody has asked for that, the
// action end_everything says so, once; the caller shuts down.
#pragma once

#include "engine/job_queue.h"
#include "engine/live_units.h"
#include "engine/types.h"
#include "engine/unit_graph.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::engine {

class Engine {
public:
    // `seed` differs from machine to machine, so that they do not restart their services in step.
    explicit Engine(std::uint64_t seed = 0) : live_(seed) {}

    // Adds a unit or replaces what is known of it; its state stays. A unit that completes an
    // ordering cycle is refused: the returned text is the whole cycle, "a -> b -> a".
    std::optional<std::string> load(UnitSpec spec);

    // Forgets a unit that is dead or failed and has no job; another one stays and the answer is
    // false.
    bool forget(std::string_view unit);

    // Whether a loaded unit requires or wants this one.
    bool is_needed_by_others(std::string_view unit) const { return graph_.is_needed(unit); }

    // Whether `other` wants or requires it.
    bool is_wanted_by(std::string_view unit, const std::string& other) const {
        return graph_.is_wanted_by(unit, other);
    }
    bool is_required_by(std::string_view unit, const std::string& other) const {
        return graph_.is_required_by(unit, other);
    }

    bool knows(std::string_view unit) const { return graph_.find(unit) != nullptr; }

    // Names that a start of `unit` would need and that are not loaded yet, so that the caller can
    // load them first; empty when the closure of requires and wants is complete.
    std::vector<std::string> missing(std::string_view unit) const { return graph_.missing(unit); }

    // Why such a name is not loaded, for those who require it; until it is loaded.
    void explain_missing(std::string unit, std::string why);

    // A request. Its end comes as a job_done action with this job number, perhaps at once.
    // A restart of a unit that is not active starts it.
    Actions start(std::string_view unit, std::uint64_t job, Time now);
    Actions stop(std::string_view unit, std::uint64_t job, Time now);
    Actions restart(std::string_view unit, std::uint64_t job, Time now);

    // A failed unit is dead, and its reason and attempts are forgotten; of another one the
    // attempts.
    Actions reset_failed(std::string_view unit, Time now);

    // Stops everything in the reverse of the start order; nothing starts from here on. No stop
    // timeout goes beyond `until`; an earlier one may be given later. Done when is_quiet() holds.
    Actions shut_down(Time now, Time until = Time::max());
    void limit_stops(Time until, Time now) { live_.limit_stops(until, now); }
    bool is_quiet() const { return live_.is_quiet(); }

    // `detail` of a failure is for people: it becomes the unit's reason and a part of what its
    // dependents are told. `fault` is of a launch that has failed.
    Actions handle(std::string_view unit, Event event, Time now, std::string_view detail = {},
                   const Fault& fault = {});

    // The service asks for more time to start or to stop, counted from now.
    void extend(std::string_view unit, Time length, Time now);

    // Fires every timer that is due. The caller calls it at next_deadline().
    Actions expire(Time now);
    std::optional<Time> next_deadline() const;

    // The state of a loaded unit; a default one for a unit that is not.
    UnitState state(std::string_view unit) const;
    std::vector<std::string> names() const { return graph_.names(); }

    bool is_to_stop(std::string_view unit) const { return jobs_.find_stop(unit) != nullptr; }

    // The unit, and all that a start of it brings along, as far as they are loaded.
    std::vector<std::string> started_with(std::string_view unit) const;

    // The units that the unit's next job waits for: a start those before it, a stop those after it.
    std::vector<std::string> waits_for(std::string_view unit) const;

private:
    // One call from outside: the time it happens at, and what comes out of it.
    struct Call {
        Time now;
        Actions actions;
    };

    enum class Origin { request, automatic };

    bool admits_start(std::string_view unit, std::uint64_t job, Call& call) const;
    void refuse_stuck(std::string_view unit, const JobNumbers& numbers, Call& call) const;
    void start_units(const StartSet& plan, std::string_view root, const JobNumbers& numbers,
                     Origin origin, Call& call);
    void leave_out(const std::string& unit, const std::string& reason, Call& call);
    void request_start(const std::string& unit, const JobNumbers& numbers, Origin origin,
                       Call& call);
    Obstacle missing_requirement(const std::string& unit) const;
    void make_way(const std::string& unit, Call& call);
    void request_stop(const std::string& unit, const JobNumbers& numbers, Call& call,
                      const std::string& reason = {});
    void bounce(const std::string& unit);
    void start_again(const std::string& unit, Call& call);

    void settle(Call& call);
    void advance_jobs(Call& call);
    void note_loss(const std::string& unit);
    void note_groups(std::span<const std::string> units);
    void stop_unneeded_groups(Call& call);
    bool is_needed(std::string_view group) const;
    void advance_start(const std::string& unit, Call& call);
    void advance_stop(const std::string& unit, Call& call);
    void apply(const std::string& unit, Input input, Call& call, std::string_view detail = {});
    bool ends_everything(const std::string& unit, const ServiceState& state) const;
    void follow(const std::string& unit, SubState former, Call& call);
    void end_start(const std::string& unit, JobResult result, const std::string& reason,
                   Call& call);
    void fail_start(const std::string& unit, const Obstacle& obstacle, Call& call);
    void obstruct_dependents(const std::string& unit, const std::string& reason);
    std::optional<Obstacle> find_obstacle(const std::string& unit) const;
    void give_up(const std::string& unit, Call& call);

    UnitGraph graph_;
    JobQueue jobs_;
    LiveUnits live_;
    std::map<std::string, std::string, std::less<>> why_missing_;
    std::set<std::string> perhaps_unneeded_;  // groups that have lost a member in this call
    bool is_shutting_down_ = false;
};

}  // namespace confinit::engine
