// SPDX-License-Identifier: Apache-2.0
// Signals to services: by pidfd, and only to processes that are proven to be in the node.
#include "service_signals.h"

#include "base/fd.h"

#include <algorithm>
#include <cerrno>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace confinit {

Status signal_node(const Cgroup& node, int signal, pid_t except) {
    std::vector<std::pair<pid_t, Fd>> processes;
    for (const pid_t pid : TRY(node.all_process_ids())) {
        if (pid == except) continue;
        Fd pidfd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
        if (pidfd) processes.emplace_back(pid, std::move(pidfd));
    }
    const std::vector<int> still_there = TRY(node.all_process_ids());
    for (const auto& [pid, pidfd] : processes) {
        if (std::ranges::find(still_there, pid) == still_there.end()) continue;
        if (syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) < 0 && errno != ESRCH) {
            return errno_failure("pidfd_send_signal", std::to_string(pid));
        }
    }
    return {};
}

ExitStatus exit_status_of_wait(int wait_status) {
    if (WIFEXITED(wait_status)) return {CLD_EXITED, WEXITSTATUS(wait_status)};
    return {WCOREDUMP(wait_status) ? CLD_DUMPED : CLD_KILLED, WTERMSIG(wait_status)};
}

}  // namespace confinit
