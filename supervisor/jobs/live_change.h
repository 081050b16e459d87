// SPDX-License-Identifier: Apache-2.0
// LiveChange: limits of a unit changed while it runs: checked, kept, in force, and read back.
#pragma once

#include "supervisor/jobs/manager.h"

#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace confinit {

// A key of [cgroup], with or without that word, and its value as in the unit file, a text without
// quotes. An empty value takes the key back.
struct WantedValue {
    std::string key;
    std::string value;
};

struct ChangeRequest {
    std::vector<WantedValue> values;  // none: all keys are taken back
    bool runtime = false;             // kept until the next boot, in a directory below /run
    bool force = false;               // also below what is used now
};

// A value that holds after the change, and its place. Without a file it is the kernel's own.
struct LimitValue {
    std::string key;
    std::string value;
    Location location;
};

struct Changed {
    std::vector<LimitValue> values;
    std::vector<std::string> files;  // that were written or taken away
    std::vector<std::string> notes;
    bool is_in_force = false;  // in the node of the present run; otherwise from the next start on
};

// The reason why a change was refused: by the reader of units, or by the kernel and the file
// system.
struct ChangeRefused {
    std::vector<std::string> problems;  // of the unit with the new values
    std::string failure;                // empty where the problems tell all
};

using ChangeDone = std::function<void(const std::expected<Changed, ChangeRefused>& outcome)>;

// Values go into a drop-in of the unit, NAME.toml.d/50-set.toml (60-set-runtime.toml), and then
// into the node of the present run. Keys without a value go out of both drop-ins, all keys where
// none is named, and what holds without them is in force again; where none is named, so is every
// other limit that the unit's files have come to give otherwise than it runs.
//
// The unit is read with the new text before anything is written. Then workers write: PID 1 waits
// neither for the disk nor for memory to be reclaimed, and answers others meanwhile. One change of
// a unit at a time. It is completed or undone as a whole, also when nobody waits for it any more;
// where the unit has been stopped or started again meanwhile, the next run, or the present one,
// begins with the new value.
void change_live(Manager& manager, Service& service, ChangeRequest request, ChangeDone done);

}  // namespace confinit
