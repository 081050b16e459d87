// SPDX-License-Identifier: Apache-2.0
// The last steps of PID 1, when no unit is left that is waited for.
#pragma once

#include "base/clock.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/machine.h"

namespace confinit {

// SIGKILL to all that is left, sync(2), unmount, reboot(2) or exit. It does not return. All that
// may wait for a disk or a server is done by processes that are left behind when they are late;
// what is given up so is told on the console.
[[noreturn]] void end_machine(Mode mode, FinalAct act, int exit_code, Console& console,
                              Clock::time_point until);

}  // namespace confinit
