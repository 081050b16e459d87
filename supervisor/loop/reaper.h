// SPDX-License-Identifier: Apache-2.0
// Reaper: waits for every child, ours and the orphans that PID 1 inherits, and tells the owner.
#pragma once

#include "kernel/process.h"
#include "supervisor/loop/event_loop.h"

#include <csignal>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <sys/types.h>
#include <utility>

namespace confinit {

// How a process ended: the si_code and si_status of waitid(2).
struct ExitStatus {
    int code = 0;    // CLD_EXITED, CLD_KILLED, CLD_DUMPED
    int status = 0;  // the exit code or the signal

    bool is_clean() const;
};

// "killed by signal 11 (SIGSEGV)", "exited with code 3".
std::string exit_text(ExitStatus status);

// As the rest of a sentence about it: "was killed by signal 11 (SIGSEGV)", "exited with code 3".
std::string exit_clause(ExitStatus status);

class Reaper {
public:
    using Owner = std::function<void(ExitStatus status)>;

    // Called for a child that nobody owns yet; it may make an owner known with `adopt`.
    void set_stranger(std::function<void(pid_t pid)> stranger) { stranger_ = std::move(stranger); }

    // Called while a child that has ended is a zombie still, before anybody hears of its end.
    void set_before(std::function<void()> before) { before_ = std::move(before); }

    void adopt(pid_t pid, Owner owner) { owners_[pid] = std::move(owner); }
    // The same for a process that was just made. Where there is no memory to own it, it is killed:
    // nobody would hear of its end.
    template <class Callback>
    void adopt_or_kill(const Process& process, Callback owner) {
        try {
            adopt(process.pid(), std::move(owner));
        } catch (const std::exception&) {
            process.signal(SIGKILL);
            throw;
        }
    }
    void forget(pid_t pid) { owners_.erase(pid); }

    // Reaps those that have ended, but no more than `most` at once: a fork bomb that is ended makes
    // zombies without end. Whether all are reaped. The owner is told while the process is still a
    // zombie, so that its pid cannot be another process's yet. `told` is the child that SIGCHLD
    // names, if it does: it is found without a look at all others.
    [[nodiscard]] bool reap(unsigned most, pid_t told = 0);

private:
    std::map<pid_t, Owner> owners_;
    std::function<void(pid_t)> stranger_;
    std::function<void()> before_;
};

}  // namespace confinit
