// SPDX-License-Identifier: Apache-2.0
// FilesLook: one look into the unit directories. A helper makes it; PID 1 says what it knows.
#pragma once

#include "supervisor/jobs/disk_readings.h"
#include "unit/unit.h"
#include "unit/unit_stamp.h"
#include "unit/vocabulary.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// PID 1's knowledge of the files of a unit that it has loaded.
struct KnownFiles {
    std::vector<std::string> paths;    // none: it is of no file
    std::string profile;               // the file of its filter, or empty
    std::vector<std::string> missing;  // the units that it needs and that nobody has loaded
    bool are_as_loaded = false;        // as of the stamp
    UnitStamp stamp;
    std::optional<std::vector<std::string>> not_read;  // as of the stamp
};

using FindKnownFiles = std::function<std::optional<KnownFiles>(const std::string& unit)>;

struct FilesLook {
    std::vector<std::string> names;
    bool all = false;  // also whatever lies in the directories
};

// Reads the units of these names, and those that they need and that nobody has loaded; of a known
// one whose files are as they were, it is told so.
DiskReadings look_at_files(FilesLook wanted, std::span<const std::string> directories,
                           const Vocabulary& vocabulary, const FindKnownFiles& find_known);

// The files of the unit, and that of its filter, as they are now.
UnitStamp stamp_now(std::string_view unit, const std::string& profile,
                    std::span<const std::string> directories);

// A look at known units by itself, for a helper that has none of PID 1's memory of today.
using KnownUnits = std::map<std::string, KnownFiles, std::less<>>;
std::string pack(const KnownUnits& units);
std::optional<KnownUnits> unpack_known_units(std::string_view bytes);

}  // namespace confinit
