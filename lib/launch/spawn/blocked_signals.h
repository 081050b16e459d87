// SPDX-License-Identifier: Apache-2.0
// BlockedSignals: around a clone, so that the child begins with every signal blocked.
#pragma once

#include <csignal>

namespace confinit {

// No signal that is meant for the child gets lost before it can take effect, and none ends it
// halfway through a step.
class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, &previous_);
    }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    ~BlockedSignals() { (void)sigprocmask(SIG_SETMASK, &previous_, nullptr); }

private:
    sigset_t previous_;
};

}  // namespace confinit
