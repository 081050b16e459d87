// SPDX-License-Identifier: Apache-2.0
// DriftCheck: from time to time, whether each running service is still confined as its unit says.
#pragma once

#include "supervisor/jobs/manager.h"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace confinit {

// Workers look, a few services each, so that PID 1 is held up neither by a thousand services nor by
// one with a thousand mounts. A difference is told once, on the console, among the unit's log lines
// and as an event, and stands in its status until it is gone.
// Nothing wakes up while no service runs.
class DriftCheck {
public:
    // An interval of zero: never.
    DriftCheck(Manager& manager, Console& console, Clock::duration interval)
        : manager_(manager), console_(console), interval_(interval) {}

    std::optional<Clock::time_point> next_deadline();
    void expire();

private:
    bool has_services() const;
    void check_some();
    void take_answer(const Result<std::string>& answer);
    void note_drift(Service& service, std::vector<DriftItem> drift);

    Manager& manager_;
    Console& console_;
    Clock::duration interval_;
    std::optional<Clock::time_point> next_round_;
    std::deque<std::string> due_;  // the rest of this round
    bool is_looking_ = false;      // a worker is
};

}  // namespace confinit
