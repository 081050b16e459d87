// SPDX-License-Identifier: Apache-2.0
// Supervisor: constructs every part, connects them, and turns the loop until the end.
#pragma once

#include "supervisor/control/enter_session.h"
#include "supervisor/control/server.h"
#include "supervisor/helpers/hands.h"
#include "supervisor/helpers/launcher.h"
#include "supervisor/helpers/worker.h"
#include "supervisor/jobs/drift_check.h"
#include "supervisor/jobs/end_report.h"
#include "supervisor/jobs/ending.h"
#include "supervisor/jobs/manager.h"
#include "supervisor/loop/cgroup_events.h"
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/machine.h"
#include "supervisor/machine/options.h"
#include "supervisor/units/cgroup_tree.h"
#include "supervisor/units/id_ranges.h"
#include "supervisor/units/notify_sender.h"

#include <memory>
#include <optional>
#include <unistd.h>

namespace confinit {

class Supervisor {
public:
    // Fails only where there is nothing to go on with: no epoll, no signalfd. Whatever else is
    // missing is one message, and refuses just the units that need it.
    static Result<std::unique_ptr<Supervisor>> make(Mode mode, Options options, Console& console);

    // Starts the boot target, or a rescue shell on a machine that has none; an ordinary process
    // without one has nothing to run for.
    void boot();

    // Turns the loop until everything is stopped; what is to be done then.
    End run();

    // Undoes the changes of an ordinary process to the cgroup tree, and writes the last lines.
    void give_back();
    const Options& options() const { return options_; }
    const EndReport& report() const { return report_; }

private:
    Supervisor(Mode mode, Options options, Console& console, std::unique_ptr<EventLoop> loop)
        : mode_(mode), options_(std::move(options)), console_(console), loop_(std::move(loop)) {}

    Status set_up();
    Status set_up_signals();
    void set_up_cgroups();
    void set_up_launch();
    Status connect();
    Visibility visibility() const;
    Status open_doors();
    void reap(pid_t told = 0);
    void on_signal();
    void on_end_signal(int signal);
    void pass_on(int signal);
    void request_end(FinalAct act);
    void end_with(EndReport report, FinalAct act);
    void end_without_units();
    void load_units();
    void read_units_again();
    void start_target();
    void start_boot_unit();
    void start_own_command();
    void start_rescue();
    std::optional<Clock::time_point> next_deadline();

    Mode mode_;
    Options options_;
    Console& console_;
    std::unique_ptr<EventLoop> loop_;
    OwnOutput output_{*loop_, STDOUT_FILENO};
    OwnOutput error_output_{*loop_, STDERR_FILENO};
    Fd signals_;
    Reaper reaper_;
    DirectoryClaims directory_claims_;
    std::unique_ptr<Hands> hands_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Planner> planner_;
    std::unique_ptr<NotifyHub> notify_hub_;
    std::optional<CgroupTree> tree_;
    std::string why_no_tree_;
    IdRanges id_ranges_;
    CloneMethod clone_method_ = CloneMethod::clone3_into_node;
    std::unique_ptr<CgroupEvents> cgroup_events_;
    std::unique_ptr<NodeSignals> signals_of_nodes_;
    Fd reaper_program_;
    FilterCache filters_;
    std::unique_ptr<LaunchContext> launch_context_;
    std::unique_ptr<Launcher> launcher_;
    std::unique_ptr<Machinery> machinery_;
    std::unique_ptr<Manager> manager_;
    std::unique_ptr<DriftCheck> drift_check_;
    std::unique_ptr<EnterSessions> enter_sessions_;
    std::unique_ptr<ControlServer> control_server_;
    std::optional<Ending> ending_;
    std::optional<Clock::time_point> reaps_again_;
    bool is_finished_ = false;
    EndReport report_;
    Watch signal_watch_;
};

}  // namespace confinit
