// SPDX-License-Identifier: Apache-2.0
// Spawned: what the parent lends to a launch, and what it gets to watch it by.
//
// The report socket tells the parent, in this order:
// - a record of kind `executing`: all steps but the filter and execve(2) are done; its sender is
//   the main process;
// - a record of kind `failed`: no service; explain() it;
// - the hang-up: after `executing` (and no `failed`) it means that the program runs; without it,
//   that the child was killed during the launch.
#pragma once

#include "base/fd.h"
#include "kernel/clone.h"
#include "launch/plan/plan.h"
#include "launch/report_channel.h"
#include "launch/spawn/explain_report.h"

#include <optional>
#include <string>

namespace confinit {

// The loan to one launch: the descriptors that become 0, 1 and 2 of the service, where an empty
// one becomes /dev/null. `ready` is the writing end of the pipe that becomes
// ChildNumbers::ready_number, where that is asked for.
struct Streams {
    Fd input;
    Fd output;
    Fd error;
    Fd ready = {};
    bool input_is_tty = false;     // a pty slave that becomes the controlling terminal
    std::string notify_name = {};  // of the run's notify socket, see bind_order()
};

// A process that enters a pid namespace is the parent's child: the kernel lets the namespace's
// reaper end only after the parent has reaped it as well (pid_namespaces(7)).
//
// With a reaper, a signal that is sent to it from outside of its pid namespace goes on to the main
// process: whoever signals all processes of a node sends to the reaper or to the others, not both.
struct Spawned {
    Process first;     // the main process, our reaper of a new pid namespace, or a short-lived
                       // process where a pid namespace is joined
    Fd report_socket;  // non-blocking; readable when there is news
    Fd exit_socket;    // likewise: the reaper's `main_exited`, or its own `failed` before the
                       // service runs; empty without a reaper
    Process preparer;  // a short-lived process beside it, where the plan has preparations; it ends
                       // by itself, and is left to the caller's reaping
    LastWordsPage last_words;           // for receive_report() on the report socket
    std::optional<Error> failure = {};  // of the parent's own part: the child is being killed
};

// Copies a helper's program into a sealed memfd, so that nothing in a container can write to it.
Result<Fd> load_helper(const std::string& path);

}  // namespace confinit
