// SPDX-License-Identifier: Apache-2.0
// Probe: what the running kernel offers of all that confinement is built on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace confinit {

struct Feature {
    std::string name;  // "cgroup.kill", "namespace.user", "seccomp"
    bool available = false;
    std::string detail;  // what was seen, or why it is not available
};

// Asks the kernel itself wherever it has a harmless question for it (a call that can only fail,
// whose errno tells), and reads /proc and /sys otherwise. Changes nothing, loads no module of the
// kernel, and starts no process.
std::vector<Feature> probe_kernel();

std::uint64_t memory_total();  // of the machine, in bytes: sysinfo(2)
std::uint64_t swap_total();    // likewise

}  // namespace confinit
