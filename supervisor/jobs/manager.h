// SPDX-License-Identifier: Apache-2.0
// Manager: holds every loaded unit, feeds the engine, and performs what it decides.
#pragma once

#include "engine/engine.h"
#include "launch/verify/verify.h"
#include "supervisor/jobs/disk_readings.h"
#include "supervisor/jobs/event_ring.h"
#include "supervisor/jobs/unit_versions.h"
#include "supervisor/loop/retry_queue.h"
#include "supervisor/loop/soon.h"
#include "supervisor/units/group.h"
#include "supervisor/units/kept_plan.h"
#include "supervisor/units/leftovers.h"
#include "supervisor/units/log_ring.h"
#include "supervisor/units/run.h"
#include "unit/drafts.h"
#include "unit/loader.h"
#include "unit/unit.h"

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// A key that the unit runs without, because it is optional and could not be put in force.
struct SkippedKey {
    std::string key;
    std::string reason;  // begins with the key, or with what below it failed
};

// A plan that is asked for, and what it depends on.
struct Planning {
    Planner::Id question = 0;
    // The units whose namespaces it joins, with their runs at the time of asking.
    std::vector<std::pair<std::string, std::uint64_t>> joined = {};
    PlanBasis basis = {};
};

// What PID 1 holds of a start until execve(2); the engine knows how far it is.
struct Attempt {
    // The unit that the start was decided for, once the loaded one is another.
    std::unique_ptr<Unit> decided_unit;
    std::optional<Planning> planning;
    std::optional<Planned> planned;        // once the planner has answered
    std::optional<LaunchFailure> failure;  // of the last try, without a run
    bool is_planned_anew = false;          // since a try has failed with an older plan
    // The last try, of which the next one has the runtime directories.
    std::unique_ptr<Run> former;
};

// Service: the live thing behind a unit, also behind a group, which has a node only, and behind a
// target, which has nothing.
struct Service {
    Unit unit;
    DiskLook disk;                  // how its files compare with it
    Clock::time_point read_at{};    // the beginning of the look that it was read in
    std::uint64_t stops_asked = 0;  // requests to stop it
    LogRing log;
    std::unique_ptr<Run> run;
    std::unique_ptr<Group> group;
    std::uint64_t run_number = 0;    // events of an earlier run are told by it
    std::optional<RunEnd> last_end;  // of the last run that ended, or of the one that ends now
    std::vector<SkippedKey> skipped;
    std::optional<Attempt> attempt;       // while it starts
    KeptPlan kept;                        // of the last launch, for the next one
    bool is_changing = false;             // a live change is on its way
    std::vector<std::string> drift;       // what the last check found to differ from the unit
    std::vector<std::string> vain_edits;  // of the last reading: edits_without_effect()
    // In whose name a deputy has asked for the present state, "uid 1000 (:1.42)"; empty where
    // nobody has. It goes with the next change of state that no job of the unit causes.
    std::string asked_by;
    unsigned open_jobs = 0;
};

// The node that the unit has now, or null.
const Cgroup* node_of(const Service& service);

const UnitNode* unit_node_of(const Service& service);

// The unit that the present run began with, or null.
const Unit* running_unit(const Service& service);

// The group that it lives in, or would live in if it started now; empty for none.
const std::string& group_of(const Service& service);

// The keys in which the present run is older than the loaded unit.
std::vector<std::string> outdated_keys(const Service& service);

// Reads back from the kernel what is in force, for one that has a main process or is a group. In a
// worker, with these descriptors; it fails where the service has ended meanwhile.
Result<std::vector<VerifyItem>> verify_service(const Service& service);
std::vector<int> verify_descriptors(const Service& service);

// Why a unit cannot be named in a request: it is not there at all, or its file does not load.
struct UnitRefused {
    bool exists = false;
    std::vector<std::string> problems;
};

// The files that a request needs to know before it can be done.
struct ReadAhead {
    std::vector<std::string> names;
    bool all = false;   // all units that there are
    uid_t account = 0;  // 0: the operators'; of another user a worker looks
};

// Something that has happened to a run, for the engine.
struct RunEvent {
    std::string unit;
    std::uint64_t run_number = 0;
    engine::Event event{};
};

class Manager {
public:
    using Done = std::function<void(engine::JobResult result, const std::string& reason)>;

    Manager(Machinery machinery, std::vector<std::string> unit_directories);

    // Has the files of these units looked at, and of those that they need and that nobody has
    // loaded. `then` is called from the loop, also when that fails; PID 1 knows what is on disk
    // while it runs, and not after it.
    void read_ahead(ReadAhead wanted, std::function<void()> then);

    // The owner and mode of a unit's file, or of a directory on the way, as far as they are known.
    std::optional<FileRule> rule_of(const std::string& path) const;

    // Loads every unit file there is, after a read_ahead() of all; the texts of those that do not
    // load come back, and nothing else is affected by them. A unit that is loaded already is
    // replaced, if its new file is good. One whose file is gone is forgotten as soon as it is
    // stopped.
    std::vector<std::string> load_all();

    // The files beside the unit files that load_all() did not read, a line each.
    const std::vector<std::string>& files_not_read() const { return foreign_files_; }

    // The units on disk that do not load and that no older version is loaded of, with the reasons.
    using Broken = std::map<std::string, std::vector<std::string>, std::less<>>;
    const Broken& broken() const { return broken_; }

    // How the unit's files compare with what is loaded, as the last read_ahead() of it has told.
    const DiskLook& look_at_disk(Service& service);
    // The same without reading any, for many units in a row: what nobody has read yet has just
    // changed. `directories` is mark_of_disk() at this time. A helper looks; PID 1 knows what it
    // was told last.
    OnDisk glance_at_disk(const Service& service, std::uint64_t directories) const;
    std::uint64_t mark_of_disk() const;

    // In a helper: the unit as it would be loaded now with these drafts.
    Checked<Unit> read_with(std::string_view name, std::span<const Draft> drafts) const;

    // Forgets a unit of which nothing is left and that nobody waits for.
    bool forget(const std::string& name);
    // Forgets an instance that nobody needs after the present callbacks.
    void forget_later(std::string_view name);

    // A failed unit is as if it had never run; one that is tried again begins to count anew.
    void reset_failed(const std::string& name);

    // The unit, loaded from its file when it is not known yet. An instance that nothing comes of is
    // forgotten after the present callbacks.
    std::expected<Service*, UnitRefused> find(std::string_view name);

    // The same for somebody who only looks: a unit that is not known is read for this look alone,
    // and nothing of it is kept.
    std::expected<std::shared_ptr<Service>, UnitRefused> look(std::string_view name) const;

    // Reads the unit from its files again; what is wrong with them, and then nothing changes.
    std::vector<std::string> reload(const std::string& name);

    // The main process of a unit that runs.
    std::optional<RunningUnit> find_running(std::string_view name) const;

    // Adds a unit that is in no file, such as the rescue shell.
    void add(Unit unit);

    // The number of the job. `asked_by` tells in whose name a deputy asks for it.
    std::uint64_t start(const std::string& unit, Done done, std::string_view asked_by = {});
    std::uint64_t stop(const std::string& unit, Done done, std::string_view asked_by = {});
    std::uint64_t restart(const std::string& unit, Done done, std::string_view asked_by = {});
    // Sends the signal of service.reload.
    std::uint64_t signal_reload(const std::string& unit, Done done, std::string_view asked_by = {});

    // Stops everything in reverse order, then calls `done`. No unit has more time than this.
    void shut_down(std::function<void()> done, Clock::time_point until);
    void limit_stops(Clock::time_point until);
    // Ends every service at once, for a stop that may not wait.
    void kill_everything();

    // For the loop: when the engine's next timer is due, and its firing.
    std::optional<Clock::time_point> next_deadline() const;
    void expire();

    const std::map<std::string, std::unique_ptr<Service>, std::less<>>& all() const {
        return services_;
    }
    engine::UnitState state(std::string_view unit) const { return engine_.state(unit); }
    bool is_wanted_by(std::string_view unit, const std::string& other) const {
        return engine_.is_wanted_by(unit, other);
    }
    bool is_required_by(std::string_view unit, const std::string& other) const {
        return engine_.is_required_by(unit, other);
    }
    bool is_to_stop(std::string_view unit) const { return engine_.is_to_stop(unit); }
    const std::vector<std::string>& unit_directories() const { return directories_; }
    Machinery& machinery() { return machinery_; }
    const Machinery& machinery() const { return machinery_; }

    const EventRing& events() const { return events_of_units_; }
    // Keeps what has happened, and tells those who follow.
    void note(std::string_view unit, EventKind kind, std::string_view text);

    // For those who wait for new log lines or states of any unit.
    void set_observer(std::function<void()> observer) { observer_ = std::move(observer); }

private:
    struct UnitOnDisk {
        Checked<Unit> unit;
        UnitStamp stamp;
    };

    // manager_disk.cc
    UnitOnDisk read_unit(std::string_view name) const;
    UnitStamp stamp_of(const Unit& unit) const;
    DiskReadings look_at_files(std::vector<std::string> names, bool all) const;
    void look_at_files_of(const std::string& name, DiskReadings& readings,
                          std::vector<std::string>& needed) const;
    void on_read(const Result<std::string>& answer, const std::function<void()>& then);
    void take_readings(const Result<std::string>& answer);
    bool is_outdone(const Service& service) const;

    static DiskLook compared(const Unit& loaded, const UnitOnDisk& found);
    std::vector<std::string> load(const std::string& name);
    std::optional<std::string> take(Unit unit, UnitStamp stamp);
    Service& add_service(const std::string& name);
    void forget_if_gone(const std::string& name);
    void forget_unneeded();
    bool is_needed(const Service& service) const;
    void forget_if_unneeded(const std::string& name);
    void warn(const Unit& unit, const Service* known) const;
    void tell_foreign_files();
    void load_needed(const std::string& unit);
    // "; unit.requires of heat.toml:3 names it", of the unit to be started or one that it pulls in.
    std::string naming_text(const std::string& starter, const std::string& name) const;
    std::uint64_t new_job(const std::string& unit, std::string_view kind, Done done,
                          std::string_view asked_by);
    using EngineRequest = engine::Actions (engine::Engine::*)(std::string_view unit,
                                                              std::uint64_t job, engine::Time now);
    // A job that the engine decides on; the unit will be in its next state in that name.
    std::uint64_t request(EngineRequest decide, const std::string& unit, std::string_view kind,
                          Done done, std::string_view asked_by);
    void post(std::string unit, std::uint64_t run_number, engine::Event event);
    void handle_events();
    void handle_event(const RunEvent& event);
    void perform(engine::Actions actions);
    void perform_waiting();
    void perform_one(const engine::Action& action);
    void perform_on(Service& service, engine::ActionKind kind);
    void give_up(const engine::Action& action);
    void plan(Service& service);
    void take_plan(Service& service, LaunchResult<Planned> planned);
    std::vector<std::pair<std::string, std::uint64_t>> joined_runs(const Unit& unit) const;
    void forget_plan(Service& service);
    static std::shared_ptr<LaunchPlan> find_kept_plan(const Service& service);
    static void keep_plan(Service& service);
    bool is_out_of_date(const Service& service) const;
    void drop_plan(Service& service);
    void leave_out(Service& service);
    void await_turn(const std::string& unit);
    void give_turns();
    void launch(Service& service);
    LaunchStatus start_once(Service& service);
    LaunchStatus try_to_start(Service& service);
    void fail_attempt(Service& service, LaunchFailure failure);
    void drop_run(Service& service);
    void tell_again(const Service& service);
    engine::Fault judge(Service& service);
    void handle_failure(Service& service, engine::Event event);
    LaunchResult<GroupNodes> groups_of(const Unit& unit) const;
    LaunchStatus check_groups_run(const Unit& unit) const;
    Checked<Unit> unit_to_run(const Service& service) const;
    void release(Service& service);
    void thaw_groups(const std::string& unit);
    void finish_job(const engine::Action& action);
    Service* find_service(std::string_view unit);
    void report_state(const std::string& unit);
    void check_quiet();
    void show_unfinished_lines();

    Machinery machinery_;
    std::vector<std::string> directories_;
    Vocabulary vocabulary_;
    Vocabulary words_;  // of what was read, and tried, by a helper
    DiskReadings readings_;
    std::string read_failure_;  // why `readings_` is empty
    std::map<std::string, FileRule, std::less<>> file_rules_;
    engine::Engine engine_;
    std::map<std::string, std::unique_ptr<Service>, std::less<>> services_;
    Broken broken_;
    RetryQueue<RunEvent> events_;
    Soon events_soon_{machinery_.loop, [this] {
                          handle_events();
                      }};
    RetryQueue<engine::Action> actions_;
    RetryQueue<std::string> turns_;  // units whose turn to be launched it is not yet, or no more
    Soon turns_soon_{machinery_.loop, [this] {
                         give_turns();
                     }};
    bool is_performing_ = false;
    struct WaitingJob {
        std::string unit;
        Done done;  // null once it has been called
    };
    std::map<std::uint64_t, WaitingJob> waiting_jobs_;
    std::uint64_t next_job_ = 1;
    std::function<void()> on_quiet_;
    std::function<void()> observer_;
    EventRing events_of_units_;
    std::vector<std::string> foreign_files_;  // as they were told last
    // Units whose output ends without a newline, and when it is shown all the same.
    std::map<std::string, Clock::time_point, std::less<>> unfinished_lines_;
    // Instances to be forgotten, unless something has come of them by then; and those that are over
    // and still have something to tell, the latest last.
    std::set<std::string, std::less<>> perhaps_unneeded_;
    std::deque<std::string> ended_;
    std::uint64_t next_run_number_ = 1;  // over all units: a name that comes back is another one
};

// The processes of a unit that is to end, and what they wait for; for people.
std::vector<Leftover> leftovers_of(const Service& service);
std::string leftovers_text(const Service& service);

// What is wrong with a unit, a line each.
std::vector<std::string> texts(const std::vector<Problem>& problems);

// Why a unit with these problems cannot be named.
UnitRefused refused(std::string_view name, const std::vector<Problem>& problems);

// The engine's clock: CLOCK_MONOTONIC, which does not jump when the date is set.
engine::Time engine_now();
engine::Time engine_time(Clock::time_point time);

}  // namespace confinit
