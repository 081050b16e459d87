// SPDX-License-Identifier: Apache-2.0
// RuntimeDirectories: the removal of a run's runtime directories.
#include "supervisor/units/runtime_directories.h"

#include "base/text.h"
#include "supervisor/units/run.h"

#include <csignal>
#include <fmt/format.h>
#include <poll.h>

namespace confinit {
namespace {

bool has_ended(const Fd& process) {
    pollfd watched{.fd = process.get(), .events = POLLIN, .revents = 0};
    return poll(&watched, 1, 0) != 0;
}

}  // namespace

RuntimeDirectories::~RuntimeDirectories() {
    if (removal_.pid > 0 && !is_over_) reaper_.forget(removal_.pid);
    claims_.removed(paths_);
}

void RuntimeDirectories::end() {
    is_over_ = true;
    claims_.removed(paths_);
    paths_.clear();
}

bool RuntimeDirectories::remove(const std::string& unit, std::span<const std::string> refused,
                                const Fd& preparer) {
    if (is_over_) return true;
    if (removal_.pid > 0 || (preparer && !has_ended(preparer))) return false;
    // One that had no memory to begin is asked again.
    if (paths_.empty()) paths_ = claims_.release(unit, refused);
    // Without a preparer nothing has been made.
    if (paths_.empty() || !preparer) {
        end();
        return true;
    }
    const auto warn = [this, what = fmt::format("{}: remove '{}'", unit, join(paths_, "', '"))](
                          std::string_view why) {
        console_.warning(fmt::format("{}: {}, ignoring", what, why));
    };
    auto begun = begin_removal(paths_, method_);
    if (!begun) {
        warn(begun.error().text());
        end();
        return true;
    }
    reaper_.adopt_or_kill(begun->pid, begun->pidfd, [this, warn](ExitStatus status) {
        end();
        if (status.is_clean()) return;
        warn(status.code == CLD_EXITED ? errno_text(status.status) : exit_text(status));
    });
    removal_ = std::move(*begun);
    return false;
}

}  // namespace confinit
