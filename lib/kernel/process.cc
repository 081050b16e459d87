// SPDX-License-Identifier: Apache-2.0
// Process: a process by its number and by a pidfd.
#include "kernel/process.h"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/wait.h>

// The header of glibc 2.36 does not tell C++ that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace confinit {

Result<Process> Process::open(pid_t pid) {
    Fd pidfd{pidfd_open(pid, 0)};
    if (!pidfd) return errno_failure("pidfd_open", std::to_string(pid));
    return Process{pid, std::move(pidfd)};
}

bool Process::is_there() const {
    return signal(0) || errno == EPERM;
}

// A pidfd is readable once its process has ended.
bool Process::has_ended() const {
    pollfd watched{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return poll(&watched, 1, 0) != 0;
}

bool Process::signal(int number) const {
    return pidfd_send_signal(pidfd_.get(), number, nullptr, 0) == 0;
}

Result<siginfo_t> Process::wait() const {
    siginfo_t end{};
    while (waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &end, WEXITED) < 0) {
        if (errno != EINTR) return errno_failure("waitid", std::to_string(pid_));
    }
    return end;
}

}  // namespace confinit
