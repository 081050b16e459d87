// SPDX-License-Identifier: Apache-2.0
// EnterSessions: the commands that `svctl enter` runs inside of running services.
//
// The supervisor makes the entered process itself, by the same plan and the same steps as the
// service's own, so that it can be no less confined. The caller gets only our ends: the master of
// a new pty, or three pipes; none of its own descriptors goes in. A caller whose connection passes
// no descriptors gets frames of a carrier, which has our ends.
//
// A caller that hangs up ends what it has started, as a terminal does: SIGHUP and SIGCONT to the
// processes of the command's session, and SIGKILL to those that are left after a moment. A process
// with a session of its own stays, as a part of the service.
#pragma once

#include "launch/plan/plan.h"
#include "supervisor/control/carriers.h"
#include "supervisor/control/server.h"
#include "supervisor/control/session_processes.h"
#include "supervisor/loop/reaper.h"
#include "supervisor/units/launch.h"
#include "supervisor/units/run.h"

#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace confinit {

struct TerminalSize {
    unsigned short rows = 24;
    unsigned short columns = 80;
};

// How the caller gets the command's streams.
enum class EnterWay { descriptors, frames };

class EnterSessions {
public:
    explicit EnterSessions(Machinery& machinery)
        : machinery_(machinery), carriers_(machinery.reaper, machinery.clone_method) {}

    // Starts the command; the responder gets a first reply with the descriptors when it executes,
    // and a last one when it ends, or one error. With frames its connection is given up for the
    // first reply.
    void start(const Run& run, LaunchPlan plan, const std::optional<TerminalSize>& terminal,
               EnterWay way, const Responder& responder);

    // Why one more may not be started this way; empty where it may.
    std::string refusal(EnterWay way) const;

    // For the loop: when the next of the sessions without a caller is killed, and that.
    std::optional<Clock::time_point> next_deadline() const;
    void expire();

private:
    struct Session {
        LaunchPlan plan;
        EnterWay way = EnterWay::descriptors;
        Responder responder;
        std::optional<Cgroup> node;  // of the service, where it has one
        std::vector<Fd> callers_ends = {};
        pid_t carrier = 0;          // once it has the connection
        bool is_abandoned = false;  // by its caller
        std::optional<Clock::time_point> kill_at = {};
        // Those that the command has left behind at its end, with a caller gone.
        std::vector<Process> left = {};
        std::optional<Launch> launch = {};  // after all that it calls back for

        const Cgroup* place() const { return node ? &*node : nullptr; }
        // The command's pid, 0 until it is known; it is the number of its session, too.
        pid_t pid() const { return launch->main().pid(); }
    };

    Status launch_into(Session& session, const Run& run,
                       const std::optional<TerminalSize>& terminal);
    void make_launch(Session& session);

    void tell_of_start(Session& session);
    void give_to_carrier(Session& session, const Json& reply);
    void on_ended(Session& session, ExitStatus status);
    void on_exit(Session& session, ExitStatus status);
    void leave_behind(Session& session);
    void abandon(Session& session);
    void hang_up(Session& session);
    void end_at_once(Session& session);
    void erase(Session& session);

    Machinery& machinery_;
    Carriers carriers_;
    std::list<std::unique_ptr<Session>> sessions_;
};

}  // namespace confinit
