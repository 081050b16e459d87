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
// start         the launch is under way; for a oneshot also while its process runs, and for a
//               service that tells when it is ready until it has said so
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

// What the caller tells of the present run of a unit. One that repeats an earlier one or that does
// not fit the state has no effect.
enum class Event {
    launching,      // its turn to be launched has come: the start timeout counts from here
    launched,       // execve(2) happened
    ready,          // the service has said that it is ready; never before `launched`
    launch_failed,  // the launch ended before execve; no process is left, the node may be
    main_exited_clean,
    main_failed,      // a non-zero code, a signal, an OOM kill
    watchdog_missed,  // it runs and has given no sign of life in time
    cgroup_empty,     // a fresh read of cgroup.events says populated 0 (or, without a node, the
                      // main process is reaped)
    released,         // the node of the run is removed
    release_failed,   // it could not be removed yet; the engine asks again later
    stuck,            // the answer to find_leftovers; the detail says who is left
    frozen,           // its processes stand still; the detail says by whom, when not by request
    thawed,
};

enum class ActionKind {
    launch,  // make a fresh node and start the main process
    send_stop_signal,
    send_abort_signal,  // to a main process that has missed its watchdog
    kill_all,           // cgroup.kill; asked for again every second while processes are left, and
                        // before a release that is tried again
    release,            // remove the node and everything else of this run
    find_leftovers,     // it does not end: say in the event `stuck` who is left and why
    job_done,           // a request for this unit ended: `result` says how
    state_changed,      // for those who watch; the new state is in the engine
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

// What the engine needs to know of a unit. A duration of Time::max() is no limit.
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
    bool tells_when_ready = false;  // it is up when it says so; of a oneshot nobody asks
    std::string unready_text = "it has not said that it is ready";
    Restart restart = Restart::no;  // for a oneshot, `always` means the same as `on_failure`
    Time restart_delay{100'000};
    Time restart_max_delay{60'000'000};  // the delay doubles from attempt to attempt up to it
    Time start_timeout{90'000'000};
    Time stop_timeout{10'000'000};
};

struct UnitState {
    SubState sub = SubState::dead;
    ActiveState active = ActiveState::inactive;
    std::optional<Time> deadline;  // when the state's timer fires
    Time since{0};                 // when the sub state was entered
    unsigned attempt = 0;          // automatic restarts in a row, since it last was well
    bool is_frozen = false;
    bool is_cut_short = false;  // the deadline is that of the end of everything
    std::string reason;         // why it failed, or was killed: "start timed out after 1min 30s",
                                // or the detail that came with the event
};

ActiveState active_state(SubState state);
std::string_view name(SubState state);
std::string_view name(ActiveState state);
std::string_view name(JobResult result);

}  // namespace confinit::engine
