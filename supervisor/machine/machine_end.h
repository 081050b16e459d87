// SPDX-License-Identifier: Apache-2.0
// The last steps of PID 1, when no unit is left that is waited for.
#pragma once

#include "base/clock.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/machine.h"

#include <optional>
#include <string>

namespace confinit {

// How the last step is taken, and whom the exit status is told.
struct LastStep {
    FinalAct act = FinalAct::power_off;
    int exit_code = 0;
    Clock::time_point until;  // it is taken then at the latest
    std::string line = {};    // of a machine, for its console and this file
    std::string exit_file = {};
    std::optional<unsigned> debug_exit = {};  // the port of QEMU's isa-debug-exit
};

// SIGKILL to all that is left, sync(2), unmount, reboot(2) or exit. It does not return. All that
// may wait for a disk or a server is done by processes that are left behind when they are late;
// what is given up so is told on the console.
[[noreturn]] void end_machine(Mode mode, const LastStep& step, Console& console);

}  // namespace confinit
