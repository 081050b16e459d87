// SPDX-License-Identifier: Apache-2.0
// KeptAffinities: on which processors the threads below a node may run, put back after the cpuset
// controller has been enabled there.
//
// Before Linux 6.2 that sets the affinity of each thread to all processors of its node and forgets
// what sched_setaffinity(2) has set. Since then the kernel keeps it itself.
#pragma once

#include "kernel/cgroup.h"

#include <map>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace confinit {

class KeptAffinities {
public:
    // Notes the affinity of every thread of every node below this one.
    explicit KeptAffinities(const Cgroup& level);

    // Sets those again that have changed. A thread that was made meanwhile gets the affinity that
    // all threads of its node had, where they had the same.
    void restore() const;

private:
    struct Known {
        std::map<pid_t, cpu_set_t> threads;
        std::optional<cpu_set_t> common;  // where all threads have the same
    };

    std::vector<Cgroup> nodes_;
    std::vector<Known> known_;  // of each node
};

}  // namespace confinit
