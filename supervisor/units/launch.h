// SPDX-License-Identifier: Apache-2.0
// Launch: one launch under way, from the process that is asked for to the end of the main process.
//
// It is the same for a service's main process, for `svctl enter`, and for every other command of a
// unit. Its owner gives it a plan, a node and the streams, and hears how far it has come.
#pragma once

#include "launch/plan/plan.h"
#include "launch/spawn/spawn.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/units/launch_phase.h"
#include "supervisor/units/machinery.h"

#include <functional>
#include <memory>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace confinit {

struct LaunchRequest;

class Launch {
public:
    // Called from the loop, from drain(), or while an end is being told. An empty one is not.
    struct Listener {
        std::function<void()> made = {};       // the first process is known
        std::function<void()> executing = {};  // the main process is known
        std::function<void()> running = {};    // execve(2) has happened, all of the confinement too
        // The last: how the main process has ended, or the launch; see has_run() and failure().
        std::function<void(ExitStatus status)> ended = {};
    };

    // `owner` is on whose account its sockets are closed.
    Launch(Machinery& machinery, Hands::Owner owner, Listener listener);
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;
    // Processes that live on are nobody's from then on.
    ~Launch();

    // The launcher makes the first process, where there is one, and then it is there later. A copy
    // is made at once, for those who look again when the node has changed meanwhile.
    enum class Maker { launcher, copy };

    // Has the first process made in the node (a directory descriptor, or -1). The plan and the node
    // outlive the launch. A failure is complete: nobody hears of the launch again.
    Status begin(const LaunchPlan& plan, int node, Streams streams, Maker maker = Maker::launcher);

    // Takes note of what has been reported by now.
    void drain();

    // SIGKILL to the first process and to the preparer. A launch that no launcher has answered ends
    // at once, and no process comes of it: its end is told while this is called.
    void kill_processes();
    // The same for one whose node is killed: SIGKILL to the preparer alone, which is not in it.
    void kill_beside_node();

    // Our reaper of the pid namespace cannot tell of the end of the main process, which is this one
    // if it is known, and ends itself.
    void end_reaper(std::optional<ExitStatus> main);

    // It has, and what it has failed for is explained.
    bool has_ended() const { return is_over() && !explaining_; }
    bool has_run() const { return has_run_; }
    // No process was made, since the launchers have ended that were asked for it.
    bool is_launcher_lost() const { return is_launcher_lost_; }
    // Something is not as it was when the launch was planned.
    bool is_plan_stale() const { return is_plan_stale_; }
    // The failure that was reported; absent where the launch has ended without a word.
    const std::optional<Error>& failure() const { return failure_; }
    // The first preparation that could not be made, by its index; beyond the last one where all
    // could.
    std::size_t failed_preparation() const { return failed_preparation_; }

    // The first process: the main one, our reaper, or the one that makes it.
    pid_t first_pid() const { return spawned_.first.pid(); }
    // Empty where the plan has no preparations.
    const Process& preparer() const { return spawned_.preparer; }
    bool has_reaper() const { return plan_ != nullptr && (*plan_)->child.has_reaper; }
    // The main process, empty until it is known.
    const Process& main() const { return main_; }
    // By what our reaper says.
    bool has_left_processes() const { return has_left_processes_; }

private:
    void on_made(Result<Spawned> made);
    void give_up_request();
    void end_without_process(LaunchRequest& request);
    Status take(Spawned made);
    void on_record(ReceivedReport received);
    void on_failure(const LaunchReport& report);
    void ask_why(const LaunchReport& report);
    void on_explained(PlannerAnswer answer);
    void on_mark(ReceivedReport received);
    void on_hang_up();
    void on_first_exit(ExitStatus status);
    void on_main_exit(ExitStatus status);
    void read_exit_socket();
    void end(ExitStatus status);
    void tell_end();
    bool is_over() const { return phase_ == LaunchPhase::ended; }
    bool makes_main_process() const { return (*plan_)->child.fork_into_pid_namespace; }

    Machinery& machinery_;
    const LaunchPlan* plan_ = nullptr;  // once it has begun
    Hands::Owner owner_;
    Listener listener_;
    LaunchPhase phase_ = LaunchPhase::asked;
    std::unique_ptr<LaunchRequest> request_;  // while a launcher is asked
    bool is_to_die_ = false;                  // killed while its answer is being told
    bool is_launcher_lost_ = false;
    bool is_plan_stale_ = false;
    Spawned spawned_;
    Process main_;
    bool has_run_ = false;
    bool has_left_processes_ = false;
    std::optional<ExitStatus> main_status_;  // by our reaper, or by /proc
    std::optional<Error> failure_;
    std::optional<Planner::Id> explaining_;  // until the planner has answered why it failed
    std::optional<ExitStatus> untold_end_;   // waits for that, or for memory
    std::size_t failed_preparation_ = SIZE_MAX;
    Watch watch_;  // after the socket
};

// Takes note of what the launches under way have reported by now: a child of ours that nobody knows
// may be the main process of one, and so may a caller, whose call can be read before the report.
void hear_of_launches(Machinery& machinery);

}  // namespace confinit
