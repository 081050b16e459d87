// SPDX-License-Identifier: Apache-2.0
// Reaper: waits for every child, ours and the orphans that PID 1 inherits, and tells the owner.
#include "supervisor/loop/reaper.h"

#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <sys/wait.h>
#include <utility>

namespace confinit {

bool ExitStatus::is_clean() const {
    return code == CLD_EXITED && status == 0;
}

std::string exit_text(ExitStatus status) {
    if (status.code == CLD_EXITED) return fmt::format("exited with code {}", status.status);
    const char* signal = sigabbrev_np(status.status);
    return fmt::format("killed by signal {} (SIG{}){}", status.status,
                       signal != nullptr ? signal : "?",
                       status.code == CLD_DUMPED ? ", core dumped" : "");
}

std::string exit_clause(ExitStatus status) {
    return (status.code == CLD_EXITED ? "" : "was ") + exit_text(status);
}

namespace {

// The kernel finds a child by its number at once. For any child it looks at each one, the oldest
// first: that is for those whose signal came to nothing because another one was pending.
bool find_ended(pid_t told, siginfo_t& info) {
    constexpr int options = WEXITED | WNOHANG | WNOWAIT;
    const auto id = static_cast<id_t>(told);
    if (told > 0 && waitid(P_PID, id, &info, options) == 0 && info.si_pid != 0) return true;
    info = {};
    return waitid(P_ALL, 0, &info, options) == 0 && info.si_pid != 0;
}

}  // namespace

bool Reaper::reap(unsigned most, pid_t told) {
    for (; most > 0; --most) {
        siginfo_t info{};
        if (!find_ended(std::exchange(told, 0), info)) return true;
        const pid_t pid = info.si_pid;
        if (before_) before_();
        if (!owners_.contains(pid) && stranger_) stranger_(pid);
        auto node = owners_.extract(pid);
        try {
            if (node) node.mapped()({info.si_code, info.si_status});
        } catch (const std::exception&) {
            // Without memory the owner has not heard of it. The child stays as it is, and is told
            // again when the caller asks again.
            owners_.insert(std::move(node));
            throw;
        }
        (void)waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
    }
    return false;
}

}  // namespace confinit
