// SPDX-License-Identifier: Apache-2.0
// Removal: takes directories of the host away in a process of its own.
#include "launch/spawn/removal.h"

#include "launch/child_plan.h"
#include "launch/spawn/blocked_signals.h"

#include <vector>

namespace confinit {

Result<Removal> begin_removal(std::span<const std::string> paths, CloneMethod method) {
    std::vector<const char*> texts;
    for (const std::string& path : paths)
        texts.push_back(path.c_str());
    int pidfd = -1;
    const BlockedSignals blocked;
    const long pid = clone_process(method, 0, -1, pidfd);
    if (pid == 0) run_remover(texts);
    if (pid < 0) return std::unexpected(clone_error(method, pid));
    return Removal{static_cast<pid_t>(pid), Fd{pidfd}};
}

}  // namespace confinit
