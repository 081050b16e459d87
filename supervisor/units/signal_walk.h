// SPDX-License-Identifier: Apache-2.0
// SignalWalk: one signal to every process of a node and of the nodes below it, to each exactly
// once.
//
// One open cgroup.procs is read from its begin to its end. The kernel keeps the place in its list
// of tasks between two reads, passes over those that have ended, and puts a new process at the
// list's end, so that the walk comes to it as well. A process is held by a pidfd while it is shown
// to be in the node, so that no other one that got its number is hit. The walk has four descriptors
// open at the most, whatever the number of processes.
//
// A child that is being forked while the list's end is read, or a process that moves between two
// nodes, may be missed: the lists are read again until nobody new is in them, a few times at most.
#pragma once

#include "kernel/cgroup.h"
#include "supervisor/loop/event_loop.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace confinit {

class SignalWalk {
public:
    // `shown_path` is the node's path as /proc/PID/cgroup shows it to us. `except` gets no signal.
    SignalWalk(Cgroup node, std::string shown_path, int signal, pid_t except);

    // Goes on until this time, and at least for one process. `short_of_descriptors` asks for a
    // rest: the place is kept.
    enum class Step { over, goes_on, short_of_descriptors };
    Step step(Clock::time_point until);

    // After a walk: those who have not had the signal get it.
    void again();

    // The first error; the other processes were signalled all the same.
    const Status& status() const { return status_; }

private:
    Step advance();
    Step fail(Error error);
    Status open_next();
    Status read_more();
    Status signal_one(pid_t pid);
    Step read_again();

    Cgroup node_;
    std::string shown_path_;
    int signal_;
    pid_t except_;
    Fd procfs_;
    std::unordered_map<pid_t, std::uint64_t> signalled_;  // with the time that each has begun at
    std::vector<std::string> nodes_due_;                  // paths below the node; its own is empty
    Fd processes_;             // cgroup.procs of the node that the walk is at
    std::string cut_;          // the begin of a number whose end is not read yet
    std::vector<pid_t> pids_;  // that were read and are due, the next one last
    int readings_ = 0;
    bool found_new_ = false;
    Clock::time_point deadline_;
    Status status_;
};

}  // namespace confinit
