// SPDX-License-Identifier: Apache-2.0
// Pidfd: a process that cannot be mistaken for a later one with its number, pidfd_open(2).
#pragma once

#include "base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/types.h>

// The header of glibc 2.36 does not tell C++ that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace confinit {

// Whether the process has not been waited for, so that its number is still its own. A zombie is
// there, and so is a process that we may not signal.
inline bool is_there(int process) {
    return pidfd_send_signal(process, 0, nullptr, 0) == 0 || errno == EPERM;
}

// Failure says that the process is gone, or not ours to signal; nobody here does anything about it.
inline void signal_process(const Fd& process, int signal) {
    (void)pidfd_send_signal(process.get(), signal, nullptr, 0);
}

}  // namespace confinit
