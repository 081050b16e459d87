// SPDX-License-Identifier: Apache-2.0
// The caller's own terminal: its size, and raw mode that always ends.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <termios.h>

namespace confinit {

struct TerminalDimensions {
    unsigned short rows = 24;
    unsigned short columns = 80;
};

// ioctl_tty(2) TIOCGWINSZ; 24 by 80 for a terminal that knows no size.
TerminalDimensions terminal_size(int terminal);

// TIOCSWINSZ on the master of another terminal, whose foreground process is told by SIGWINCH.
void set_terminal_size(const Fd& master, TerminalDimensions size);

// RawTerminal: standard input in raw mode, cfmakeraw(3), for as long as it lives.
class RawTerminal {
public:
    static Result<RawTerminal> make();
    RawTerminal(RawTerminal&& other) noexcept;
    RawTerminal& operator=(RawTerminal&&) = delete;
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

    // Again, after a shell that continues a stopped job has put its own modes in.
    void renew() const;

private:
    explicit RawTerminal(const termios& saved) : saved_(saved) {}

    termios saved_;
    bool is_owner_ = true;
};

}  // namespace confinit
