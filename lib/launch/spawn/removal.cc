// SPDX-License-Identifier: Apache-2.0
// Removal: takes directories of the host away in a process of its own.
#include "launch/spawn/removal.h"

#include "launch/child_plan.h"
#include "launch/spawn/blocked_signals.h"

#include <vector>

namespace confinit {

Result<Process> begin_removal(std::span<const std::string> paths, CloneMethod method) {
    std::vector<const char*> texts;
    for (const std::string& path : paths)
        texts.push_back(path.c_str());
    const BlockedSignals blocked;
    Process remover = TRY(clone_process(method));
    if (remover.pid() == 0) run_remover(texts);
    return remover;
}

}  // namespace confinit
