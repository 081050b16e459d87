// SPDX-License-Identifier: Apache-2.0
// The three versions of a unit, which may all differ: on disk, loaded, and the one that runs.
#pragma once

#include "base/name_table.h"
#include "unit/unit.h"
#include "unit/unit_stamp.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// How the files of a loaded unit compare with what is loaded.
enum class OnDisk {
    same,
    changed,  // another unit, which a daemon-reload takes
    broken,   // it does not load, and the loaded unit stays
    gone,     // the loaded unit is forgotten as soon as nothing of it is left
};

inline constexpr auto on_disk_names = make_name_table<OnDisk>({
    {OnDisk::same, "same"},
    {OnDisk::changed, "changed"},
    {OnDisk::broken, "broken"},
    {OnDisk::gone, "gone"},
});

// One look at the files of a loaded unit. It holds for as long as the stamp does.
struct DiskLook {
    UnitStamp stamp;
    OnDisk state = OnDisk::same;
    std::vector<std::string> keys = {};      // of changed ones: those that differ
    std::vector<std::string> problems = {};  // of broken ones
    // The files beside it that look as if they were meant for it; absent until they are asked for.
    std::optional<std::vector<std::string>> not_read = {};
};

// The keys in which a run, begun with the one unit, is older than the loaded one and would have to
// be started again. The keys that only the engine reads, such as dependencies and timeouts, hold
// at once. `left_out` are optional keys that the run does without.
std::vector<std::string> outdated_keys(const Unit& running, const Unit& loaded,
                                       std::span<const std::string> left_out);

// Says that a start or restart takes the loaded unit and not the one on disk; empty where they are
// the same. `verb` completes "the loaded unit is ...".
std::string version_note(std::string_view unit, const DiskLook& look, std::string_view verb);

}  // namespace confinit
