// SPDX-License-Identifier: Apache-2.0
// Process: a process by its number and by a pidfd, which no later process with that number can be
// mistaken for: pidfd_open(2).
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <csignal>
#include <sys/types.h>
#include <utility>

namespace confinit {

// Empty, or with a number alone where no descriptor could be had. The end of the object ends
// nothing but the descriptor.
class [[nodiscard]] Process {
public:
    Process() = default;
    Process(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
    static Result<Process> open(pid_t pid);

    pid_t pid() const { return pid_; }
    const Fd& pidfd() const { return pidfd_; }
    explicit operator bool() const { return static_cast<bool>(pidfd_); }

    // Whether it has not been waited for, so that its number is still its own. A zombie is there,
    // and so is a process that we may not signal.
    bool is_there() const;
    // Whether it has ended, no matter whether somebody has waited for it.
    bool has_ended() const;

    // Whether the signal is sent, else errno says why not: it is gone, or not ours to signal. Most
    // callers have nothing to do about that. No memory is taken.
    bool signal(int number) const;

    // Waits for the end of a child, and reaps it: waitid(2).
    Result<siginfo_t> wait() const;

    // Keeps the number alone.
    void close_pidfd() { pidfd_.reset(); }

private:
    pid_t pid_ = 0;
    Fd pidfd_;
};

}  // namespace confinit
