// SPDX-License-Identifier: Apache-2.0
// Log lines as the control interface shows them.
#include "supervisor/control/log_lines.h"

#include <algorithm>

namespace confinit {
Json lines_from(const LogRing& log, std::uint64_t first_number) {
    Json lines = Json::array();
    for (const LogLine& line : log.lines()) {
        if (line.number < first_number) continue;
        const auto time =
            std::chrono::duration_cast<std::chrono::microseconds>(line.time.time_since_epoch());
        lines.push_back({
            {"part", name(line.part)},
            {"time_us", time.count()},
            {"stream", name(line.stream)},
            {"text", line.text},
        });
    }
    return lines;
}

Json last_lines(const LogRing& log, std::size_t count) {
    const std::size_t skipped = log.lines().size() - std::min(log.lines().size(), count);
    if (log.lines().size() == skipped) return Json::array();
    return lines_from(log, log.lines()[skipped].number);
}

}  // namespace confinit
