// SPDX-License-Identifier: Apache-2.0
// Robber: a process without any capability that tries to get at another one.
#pragma once

#include "base/fd.h"

#include <string>
#include <sys/types.h>

namespace confinit::testing {

class Robber {
public:
    // It has this user, and no other group.
    explicit Robber(uid_t uid);
    Robber(const Robber&) = delete;
    Robber& operator=(const Robber&) = delete;
    ~Robber();

    // Tries everything; the names of what it has got, such as "ptrace mem", empty for nothing.
    std::string rob(pid_t victim) const;

private:
    pid_t pid_ = 0;
    Fd socket_;
};

}  // namespace confinit::testing
