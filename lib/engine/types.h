// SPDX-License-Identifier: Apache-2.0
// The engine's words: states, events, actions, what it needs to know of a unit and tells about one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::engine {

// Time since boot; only differences matter.
using Time = std::chrono::microseconds;

// All that others may see of a unit's state, as systemd names it.
enum class ActiveState { inactive, activating, active, deactivating, failed };

// dead          nothing runs and nothing is wanted
// waiting       a start job waits for the units that it is ordered after
// start         the launch is under way, in one of the steps below; for a oneshot also while its
//               process runs, and for a service that tells when it is ready until it has said so
// running       the main process runs (for a target: it is active)
// exited        a oneshot ended well; the unit counts as active
// stop_sigterm  the stop signal was sent, the stop timeout runs
// stop_sigkill  cgroup.kill was written
// release       no process is left; the node and what belongs to the run are being removed
// stuck         a process is left that SIGKILL does not end, or a node that cannot be removed:
//               nobody waits for it any more, and the unit does not start until it is gone
// auto_restart  the restart delay runs
// failed        the last run failed and no other one is due
enum class SubState {
    dead,
    waiting,
    start,
    running,
    exited,
    stop_sigterm,
    stop_sigkill,
    release,
    stuck,
    auto_restart,
    failed,
};

// How far the launch of a unit in the state `start` has come. One start may take several attempts.
//
// none       there is none, or it is done
// planning   a plan is asked for
// queued     it is planned, and its turn is awaited
// launching  a node and a process are being made, or the process is on its way to execve(2)
// clearing   the attempt has failed and there will be another one: its node is being removed
// resting    the next attempt waits for something that passes
enum class Step { none, planning, queued, launching, clearing, resting };

// An event is told of the present run of a unit. One that repeats an earlier one or that does
// not fit the state has no effect.
enum class Event {
    planned,        // there is a plan
    turn_came,      // its turn to be launched has come: the start timeout counts from the first
    plan_outdated,  // the answer to a launch: the plan was too old to begin with it
    launched,       // execve(2) happened
    ready,          // the service has said that it is ready; never before `launched`
    launch_failed,  // the attempt ended before execve; no process is left, the node may be. The
                    // fault tells of what kind the failure is
    launcher_lost,  // the attempt ended without a process: those that make them have ended over it
    dropped,        // the answer to drop_run: nothing of the attempt is left
    main_exited_clean,
    main_failed,      // a non-zero code, a signal, an OOM kill
    watchdog_missed,  // it runs and has given no sign of life in time
    cgroup_empty,     // a fresh read of cgroup.events says populated 0 (or, without a node, the
                      // main process is reaped)
    released,         // the node of the run is removed
    release_failed,   // it, or that of an attempt, could not be removed yet; the engine asks again
                      // later
    stuck,            // the answer to find_leftovers; the detail says who is left
    frozen,           // its processes stand still; the detail says by whom, when not by request
    thawed,
};

// The present attempt has failed before execve; the fault tells more.
constexpr bool is_failure_of_launch(Event event) {
    return event == Event::launch_failed || event == Event::launcher_lost;
}

// A failed attempt may have lacked something that another one has.
enum class Lack {
    nothing,
    node,       // what is left of an earlier run is about to end
    resources,  // memory or descriptors, which others may give back
};

// A failed attempt, as the caller sees it, who knows the kernel, the unit and the plan.
struct Fault {
    Lack lack = Lack::nothing;
    bool plan_is_old = false;      // the plan is older than this attempt, and may be to blame
    bool key_is_optional = false;  // the unit may run without the key that it failed for

    bool operator==(const Fault&) const = default;
};

enum class ActionKind {
    plan,           // ask for a plan of the launch; `planned` or `launch_failed` answers
    await_turn,     // ask for its turn to be launched; `turn_came` answers
    launch,         // make a fresh node and start the main process
    drop_plan,      // the plan that the attempt has failed with serves no other one
    leave_out,      // from now on this start does without the key that the attempt has failed for
    drop_run,       // remove the node and the processes' other traces, for the next attempt
    tell_of_retry,  // for people: the failure is not the end of the start
    send_stop_signal,
    send_abort_signal,  // to a main process that has missed its watchdog
    kill_all,           // cgroup.kill; asked for again every second while processes are left, and
                        // before a release that is tried again
    release,            // remove the node and everything else of this run
    find_leftovers,     // it does not end: say in the event `stuck` who is left and why
    job_done,           // a request for this unit ended: `result` says how
    end_everything,     // the unit is essential, and has ended by itself or cannot start
    state_changed,      // for those who watch; the new state is in the engine. That of `start` is
                        // told again after the first launch
};

enum class JobResult { done, failed, dependency_failed, canceled, timed_out, not_found };

struct Action {
    ActionKind kind;
    std::string unit;
    std::uint64_t job = 0;               // for job_done
    JobResult result = JobResult::done;  // for job_done
    std::string reason;                  // for job_done: "requires 'net', which failed"
};

using Actions = std::vector<Action>;

enum class Restart { no, on_failure, always };

// A unit as the engine needs to know it. A duration of Time::max() is no limit.
struct UnitSpec {
    std::string name;
    std::vector<std::string> requires_units;  // started with it; if one fails, this one fails
    std::vector<std::string> wants;           // started with it; their failure does not matter
    std::vector<std::string> after;           // order only
    std::vector<std::string> before;
    std::vector<std::string> conflicts;  // stopped when this one starts, and the reverse
    bool is_service = false;
    bool is_group = false;  // no service, but a node that those who require it are below
    bool is_oneshot = false;
    bool is_essential = false;      // everything ends with it
    bool tells_when_ready = false;  // it is up when it says so; of a oneshot nobody asks
    std::string unready_text = "it has not said that it is ready";
    Restart restart = Restart::no;  // for a oneshot, `always` means the same as `on_failure`
    Time restart_delay{100'000};
    Time restart_max_delay{60'000'000};  // the delay doubles from attempt to attempt up to it
    unsigned restart_limit = 0;          // automatic restarts in a row; 0: for ever
    Time start_timeout{90'000'000};
    Time stop_timeout{10'000'000};
};

struct UnitState {
    SubState sub = SubState::dead;
    ActiveState active = ActiveState::inactive;
    Step step = Step::none;          // of the state `start`
    bool has_had_turn = false;       // it is starting, and its first attempt has been made
    std::optional<Time> deadline;    // when the state's timer fires
    std::optional<Time> next_try{};  // when a launch that is clearing or resting goes on
    Time since{0};                   // when the sub state was entered
    unsigned restarts = 0;           // automatic restarts in a row, since it last was well
    bool is_frozen = false;
    bool has_timed_out = false;  // its last run has ended by the start timeout
    bool is_cut_short = false;   // the deadline is that of the end of everything
    std::string reason;          // why it failed, or was killed: "start timed out after 1min 30s",
                                 // or the detail that came with the event
};

ActiveState active_state(SubState state);
std::string_view name(SubState state);
std::string_view name(ActiveState state);
std::string_view name(JobResult result);

}  // namespace confinit::engine
