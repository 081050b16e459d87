// SPDX-License-Identifier: Apache-2.0
// The caller's own terminal: its size, and raw mode that always ends.
#include "svctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace confinit {

TerminalDimensions terminal_size(int terminal) {
    winsize size{};
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0) return {};
    return {.rows = size.ws_row, .columns = size.ws_col};
}

void set_terminal_size(const Fd& master, TerminalDimensions size) {
    winsize window{};
    window.ws_row = size.rows;
    window.ws_col = size.columns;
    // A terminal of a wrong size is a nuisance and no reason to end.
    (void)ioctl(master.get(), TIOCSWINSZ, &window);
}

Result<RawTerminal> RawTerminal::make() {
    termios saved{};
    if (tcgetattr(STDIN_FILENO, &saved) < 0) return errno_failure("tcgetattr", "standard input");
    RawTerminal terminal{saved};
    terminal.renew();
    return terminal;
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : saved_(other.saved_), is_owner_(std::exchange(other.is_owner_, false)) {}

RawTerminal::~RawTerminal() {
    // TCSADRAIN: the last output is still written in the mode that it was meant for.
    if (is_owner_) (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_);
}

void RawTerminal::renew() const {
    termios raw = saved_;
    cfmakeraw(&raw);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

}  // namespace confinit
