// SPDX-License-Identifier: Apache-2.0
// Drafts: drop-ins that are not written yet; a unit is read with them to see what they would make.
#pragma once

#include "unit/loader.h"
#include "unit/unit_texts.h"

#include <span>
#include <string>
#include <string_view>

namespace confinit {

// Stands in place of the file at its path, which need not exist. An empty text is no file.
struct Draft {
    std::string directory;  // one of the unit directories
    std::string unit_file;  // whose drop-in it is: "heat.toml"
    std::string name;       // "50-set.toml"
    std::string text;

    std::string path() const { return directory + "/" + unit_file + ".d/" + name; }
};

// As load_unit() would load it once the drafts are written. `texts` takes what was read for it,
// where that is asked for.
Checked<Unit> load_unit_with(std::string_view name, std::span<const std::string> directories,
                             const Vocabulary& vocabulary, std::span<const Draft> drafts,
                             UnitTexts* texts = nullptr);

}  // namespace confinit
