// SPDX-License-Identifier: Apache-2.0
// DiskReadings: what a planner has found in the unit directories, for PID 1, which reads none of
// them itself.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "kernel/file_rule.h"
#include "unit/unit_reading.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// A loaded unit whose files are as they were when PID 1 last heard of them.
struct UnchangedFiles {
    UnitStamp stamp;
    std::optional<std::vector<std::string>> not_read;  // as in UnitReading
};

struct DiskReadings {
    // When the look began, by CLOCK_MONOTONIC: what was read later counts more.
    Clock::time_point begun{};
    std::map<std::string, UnitReading, std::less<>> units;
    std::map<std::string, UnchangedFiles, std::less<>> unchanged;
    // The owner and mode of each file and of each directory on the way to it.
    std::map<std::string, FileRule, std::less<>> rules;
    // Where all was looked at: the units that there are, or were, and all that lies beside their
    // files and is not read.
    std::vector<std::string> listed;
    std::optional<std::vector<std::string>> foreign;

    // Also of the directories on the way.
    void add_rules_of(const std::string& path);

    std::string pack() const;
    static Result<DiskReadings> unpack(std::string_view bytes);
};

}  // namespace confinit
