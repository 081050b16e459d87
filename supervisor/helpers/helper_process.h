// SPDX-License-Identifier: Apache-2.0
// Helper processes: copies of PID 1 that do for it what may wait.
#pragma once

#include <functional>
#include <vector>

namespace confinit {

// Makes the copy a process of its own kind, which nobody can trace and which ends with PID 1. It
// closes all descriptors but these and the standard ones, so that it keeps no connection open and
// nothing can be taken from it; see numbers_for_hands() for those that it has to keep. For the
// child of clone_process alone.
void become_helper(const char* name, std::vector<int> kept);

// Does the work and ends. For the child of clone_process alone: nothing leaves it, no exception
// either.
[[noreturn]] void run_helper(const std::function<void()>& work);

// Whether this process has become one, and may do what PID 1 does not: wait for a file system.
bool is_helper();

}  // namespace confinit
