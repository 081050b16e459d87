// SPDX-License-Identifier: Apache-2.0
// The one command that a supervisor runs in place of units.
#include "supervisor/own_command.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace confinit {
namespace {

// A terminal is the controlling one of one session at most. The leader of a session that has it
// gives it up, which sends SIGHUP to those in its foreground: ioctl_tty(2). One that belongs to the
// session of whoever has started us stays theirs, and the command uses it as it is.
bool can_give_terminal() {
    if (isatty(STDIN_FILENO) == 0) return false;
    const pid_t session = tcgetsid(STDIN_FILENO);
    if (session < 0) return getpid() == 1;
    if (session != getpid()) return false;
    (void)std::signal(SIGHUP, SIG_IGN);
    const bool is_given_up = ioctl(STDIN_FILENO, TIOCNOTTY) == 0;
    (void)std::signal(SIGHUP, SIG_DFL);
    return is_given_up;
}

}  // namespace

Unit own_command(const std::vector<std::string>& words, const std::string& directory) {
    Unit unit;
    unit.name = own_command_name;
    unit.unit.description = "the command that the supervisor was started with";
    unit.service.emplace();
    unit.service->command = words;
    unit.service->working_directory = directory;
    unit.service->pass_environment = {"*"};
    unit.service->own_streams = can_give_terminal() ? OwnStreams::terminal : OwnStreams::plain;
    return unit;
}

}  // namespace confinit
