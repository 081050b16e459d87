// SPDX-License-Identifier: Apache-2.0
// RuntimeDirectories: the removal of a run's runtime directories.
#include "supervisor/units/runtime_directories.h"

#include "base/text.h"
#include "supervisor/units/run.h"

#include <csignal>
#include <fmt/format.h>

namespace confinit {

RuntimeDirectories::~RuntimeDirectories() {
    if (remover() > 0) reaper_.forget(remover());
    claims_.removed(paths_);
}

void RuntimeDirectories::end() {
    is_over_ = true;
    claims_.removed(paths_);
    paths_.clear();
}

bool RuntimeDirectories::remove(const std::string& unit, std::span<const std::string> refused,
                                const Process& preparer) {
    if (is_over_) return true;
    if (remover_.pid() > 0 || (preparer && !preparer.has_ended())) return false;
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
    reaper_.adopt_or_kill(*begun, [this, warn](ExitStatus status) {
        end();
        if (status.is_clean()) return;
        warn(status.code == CLD_EXITED ? errno_text(status.status) : exit_text(status));
    });
    remover_ = std::move(*begun);
    return false;
}

}  // namespace confinit
