// SPDX-License-Identifier: Apache-2.0
// ChangePlan: what a live change comes to, before anything is written.
#pragma once

#include "supervisor/jobs/live_change.h"
#include "supervisor/units/limit_changes.h"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace confinit {

// One drop-in, as it is to be and as it was. An empty text is no file.
struct FileEdit {
    std::string path;
    std::string text;
    std::string before;
};

struct ChangePlan {
    std::vector<std::string> keys;   // by their whole names
    std::vector<FileEdit> edits;     // empty: no file is changed
    std::vector<LimitValue> values;  // of the keys, as they are read with the edits
    LimitChanges limits;
};

// Where our drop-ins go: the first directory of the search path, and with `runtime` the first below
// /run. Never one that is not read; empty where there is none.
std::string drop_in_directory(std::span<const std::string> search_path, bool runtime);

// The value of each key in this unit.
std::vector<LimitValue> values_of(const Unit& unit, const std::vector<std::string>& keys);

// For a helper: it reads the unit's files.
std::expected<ChangePlan, ChangeRefused> plan_change(const Manager& manager, const Service& service,
                                                     const ChangeRequest& request);

// From the helper to PID 1.
using ChangePlanned = std::expected<ChangePlan, ChangeRefused>;
std::string pack(const ChangePlanned& planned);
ChangePlanned unpack_change(std::string_view bytes);

}  // namespace confinit
