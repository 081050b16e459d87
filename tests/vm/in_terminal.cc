// SPDX-License-Identifier: Apache-2.0
// Runs a command on a terminal of its own, as a person would: its output is ours, and each line of
// our input is typed. Of a line "=SECONDS ROWS" the terminal has that many rows after a while.
// usage: in-terminal COMMAND [ARGUMENT]...
#include "base/fd.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace confinit;

namespace {

void run_on(int terminal, char** command) {
    (void)setsid();
    if (ioctl(terminal, TIOCSCTTY, 0) < 0) _exit(125);
    for (int number = 0; number <= 2; ++number)
        (void)dup2(terminal, number);
    execvp(command[0], command);
    _exit(127);
}

void type(int terminal, const std::string& line) {
    if (!line.starts_with('=')) {
        (void)!write(terminal, line.data(), line.size());
        return;
    }
    char* end = nullptr;
    const double seconds = std::strtod(line.c_str() + 1, &end);
    (void)usleep(static_cast<useconds_t>(seconds * 1e6));
    winsize size{};
    size.ws_row = static_cast<unsigned short>(std::strtoul(end, nullptr, 10));
    size.ws_col = 80;
    if (size.ws_row != 0) (void)ioctl(terminal, TIOCSWINSZ, &size);
}

// One line of our input; empty at its end.
std::string read_line() {
    std::string line;
    char letter = 0;
    while (read(STDIN_FILENO, &letter, 1) == 1) {
        line += letter;
        if (letter == '\n') break;
    }
    return line;
}

// Until nobody has the terminal any more.
void carry(int terminal) {
    pollfd states[2]{{.fd = terminal, .events = POLLIN, .revents = 0},
                     {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
    while (poll(states, 2, -1) >= 0) {
        if (states[0].revents != 0) {
            char buffer[4096];
            const ssize_t count = read(terminal, buffer, sizeof buffer);
            if (count <= 0) return;
            (void)!write(STDOUT_FILENO, buffer, static_cast<std::size_t>(count));
        }
        if (states[1].revents == 0) continue;
        const std::string line = read_line();
        if (line.empty()) states[1].fd = -1;
        type(terminal, line);
    }
}

}  // namespace

int main(int count, char** arguments) {
    const Fd terminal{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    char path[64];
    if (count < 2 || !terminal || grantpt(terminal.get()) < 0 || unlockpt(terminal.get()) < 0 ||
        ptsname_r(terminal.get(), path, sizeof path) != 0) {
        return 125;
    }
    // The child has it before we look: a terminal that nobody has open reads as ended.
    Fd slave{open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)};
    const pid_t child = fork();
    if (child == 0) run_on(slave.get(), arguments + 1);
    slave = Fd{};
    carry(terminal.get());
    int status = 0;
    if (waitpid(child, &status, 0) != child) return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
