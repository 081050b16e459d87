// SPDX-License-Identifier: Apache-2.0
// Run: one run of a service, from its fresh node to the removal of all that belonged to it.
#pragma once

#include "engine/engine.h"
#include "launch/plan/plan.h"
#include "supervisor/units/freezer.h"
#include "supervisor/units/launch.h"
#include "supervisor/units/limit_events.h"
#include "supervisor/units/log_ring.h"
#include "supervisor/units/machinery.h"
#include "supervisor/units/memory_stall.h"
#include "supervisor/units/pipe_reader.h"
#include "supervisor/units/readiness_watch.h"
#include "supervisor/units/runtime_directories.h"
#include "supervisor/units/service_signals.h"
#include "supervisor/units/unit_node.h"
#include "supervisor/units/unit_planning.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

// How a run ended, in words and for the policy.
struct RunEnd {
    std::string text;  // "exited with code 3", "oom-killed (memory.max 64M, peak 64M)"
    std::optional<Error> setup_failure;
    std::uint64_t forks_refused = 0;           // by pids.max
    std::vector<std::string> limits_met = {};  // a text for each limit that was met
    std::vector<std::string> not_heard = {};   // notifications that were thrown away
    std::optional<ExitStatus> status = {};     // of the main process, once execve(2) has happened
    bool is_oom_kill = false;
};

class Run {
public:
    using Listener = ReadinessWatch::Listener;

    // Makes the node below those of the groups, and the first process. A failure is complete:
    // nothing is left but perhaps the node, which release() removes.
    static Result<std::unique_ptr<Run>> start(const Planned& planned, Machinery& machinery,
                                              GroupNodes groups, LogRing& log, Listener listener);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    // These limits of the unit, by these keys, are in force in the node from here on.
    void adopt_limits(const Unit& unit, const LimitChanges& changes,
                      const std::vector<std::string>& keys);

    void send_stop_signal();
    // It has service.reload.
    Status send_reload_signal() const;
    void send_abort_signal();
    void kill_all();

    // Freezes or thaws the node; `done` hears when its processes stand still, or run, who else
    // keeps them frozen, or that the run is over. A later request takes the place of one that still
    // waits.
    void freeze(bool frozen, std::function<void(const Status&)> done);

    // Whether everything of this run is removed now; false asks for another try later. For the
    // next launch of an attempt the runtime directories stay.
    enum class Next { none, launch };
    bool release(Next next = Next::none);

    // pidfd_send_signal(2) to the main process or to everyone in the node; `done` hears what came
    // of it, perhaps at once, perhaps after the end of this run.
    Status signal_main(int signal) const;
    void signal_all(int signal, NodeSignals::Done done) const;

    // The request that keeps its processes frozen, or absent.
    std::optional<FreezeRequest> freeze_request() const;

    // The owner of the bus name of service.ready, 0 for none; the text of an event where it has
    // come to this run or has gone from it.
    std::optional<std::string> set_name_owner(pid_t pid);

    // Some of those who are left of it, for people.
    std::vector<pid_t> some_processes() const;

    // The group or the node above that makes it stand still: "group 'web'"; empty when nobody does,
    // or a request for this service.
    std::string frozen_by() const;
    // Thaws the node, for a service that has had its stop signal.
    void thaw();

    // Reads the news of the report sockets that are there already.
    void drain_reports() { launch_.drain(); }

    bool has_stale_plan() const { return launch_.is_plan_stale(); }

    pid_t main_pid() const { return launch_.main().pid(); }
    const Process& main_process() const { return launch_.main(); }
    const LaunchPlan& plan() const { return *plan_; }
    const Unit& unit() const { return unit_; }
    const Cgroup* node() const { return node_ ? &node_->node() : nullptr; }
    const UnitNode* unit_node() const { return node_ ? &*node_ : nullptr; }

    // The node that the main process is in now, for one that joins it; below the run's own node.
    // Absent where there is none.
    Result<std::optional<Cgroup>> node_of_main() const;
    // Null where there is no node.
    const LimitEvents* limit_events() const { return limit_events_ ? &*limit_events_ : nullptr; }
    const RunEnd& end() const { return end_; }
    const SelfReport& self_report() const { return readiness_->report(); }
    std::vector<std::string> not_heard() const { return readiness_->not_heard(); }
    // Whether there is, or was, a process; a launcher makes it some time after the beginning.
    bool is_made() const { return launch_.first_pid() > 0; }
    // Whether execve(2) has happened, and with it all of the confinement.
    bool is_launched() const { return launch_.has_run(); }

private:
    Run(const Planned& planned, Machinery& machinery, LogRing& log, Listener listener);

    NodeOwner owner() const;
    Status make_node(GroupNodes groups);
    Status claim_directories();
    std::vector<std::string> refused_directories() const;
    Status spawn_main();
    Status watch_everything(Fd output, Fd error_output);
    Status watch_node();
    void forget_node();
    void on_memory_event();
    void watch_stall();
    void on_stall();
    Result<std::unique_ptr<PipeReader>> read_output(Fd pipe, LogStream stream);
    bool has_read_output();
    std::string cgroup_path() const;
    void on_made();
    void on_executing();
    void on_running();
    void on_ended(ExitStatus status);
    void on_node_event();
    void check_frozen();
    void watch_main();
    void end_frozen_reaper();
    std::unique_ptr<SignalWalk> make_walk(int signal) const;
    void signal_for_stop();
    void forget_stop_walk();
    void check_populated();
    void describe_exit(ExitStatus status);
    std::string end_text(ExitStatus status) const;
    std::string left_behind_text() const;

    // As it was when the run began, whatever is reloaded meanwhile.
    Unit unit_;
    Machinery& machinery_;
    LogRing& log_;
    Listener listener_;
    std::unique_ptr<ReadinessWatch> readiness_;
    std::shared_ptr<LaunchPlan> plan_;
    std::optional<UnitNode> node_;
    std::optional<LimitEvents> limit_events_;
    std::vector<int> node_watches_;
    Freezer freezer_;
    bool is_frozen_ = false;
    bool is_stopping_ = false;
    std::unique_ptr<SignalWalk> stop_walk_;  // knows who has had the stop signal
    std::unique_ptr<MemoryStall> stall_;
    bool is_stalled_ = false;      // it was killed for that
    Hands::Owner owner_;           // of what the service can write to
    bool is_main_zombie_ = false;  // our reaper has not told of its end yet
    bool is_asked_to_end_ = false;
    bool empty_ = false;
    RuntimeDirectories runtime_directories_;
    RunEnd end_;
    // After everything that their callbacks use.
    Launch launch_;
    Watch main_watch_;  // where our reaper is the one to reap it
    std::unique_ptr<PipeReader> output_;
    std::unique_ptr<PipeReader> error_output_;
};

}  // namespace confinit
