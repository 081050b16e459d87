// SPDX-License-Identifier: Apache-2.0
// EnterSessions: the commands that `svctl enter` runs inside of running services.
//
// The supervisor makes the entered process itself, by the same plan and the same steps as the
// service's own, so that it can be no less confined. The caller gets only our ends: the master of
// a new pty, or three pipes; none of its own descriptors goes in.
#pragma once

#include "control_server.h"
#include "event_loop.h"
#include "launch/plan.h"
#include "launch/spawn.h"
#include "reaper.h"
#include "run.h"

#include <list>
#include <memory>
#include <optional>
#include <vector>

namespace confinit {

struct TerminalSize {
    unsigned short rows = 24;
    unsigned short columns = 80;
};

class EnterSessions {
public:
    explicit EnterSessions(Services& services) : services_(services) {}

    // Starts the command; the responder gets a first reply with the descriptors when it executes,
    // and a last one when it ends, or one error.
    void start(const Run& run, const EnterRequest& request,
               const std::optional<TerminalSize>& terminal, const Responder& responder);

    // As Manager::drain_reports.
    void drain_reports();

private:
    struct Session {
        std::unique_ptr<LaunchPlan> plan;
        Spawned spawned;
        std::vector<Fd> callers_ends;
        Responder responder;
        pid_t pid = 0;  // of the command, once it is known
        std::optional<LaunchFailure> failure;
        Watch watch;
    };

    void drain(Session& session);
    void on_hang_up(Session& session);
    void on_exit(Session& session, ExitStatus status);
    void finish(Session& session);

    Services& services_;
    std::list<std::unique_ptr<Session>> sessions_;
};

}  // namespace confinit
