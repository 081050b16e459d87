// SPDX-License-Identifier: Apache-2.0
// The reader: parsed files to one Unit, by the key table.
#pragma once

#include "unit/document.h"
#include "unit/problem.h"
#include "unit/seccomp_profile_file.h"
#include "unit/unit.h"
#include "unit/vocabulary.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// What was found on disk of one unit: its main file first, then its drop-ins in their order.
struct ParsedFiles {
    std::vector<std::string> names;  // of all files, those that did not parse included
    std::vector<Document> documents;
    ProblemList problems;  // those of files that could not be read or parsed
    bool are_owners_checked = false;
    // Those that the files name, once they were read.
    std::shared_ptr<ProfileTexts> profiles = std::make_shared<ProfileTexts>();
};

struct UnitSource {
    std::string name;
    ParsedFiles files;
};

// A value of a later document replaces that of an earlier one, key by key, or adds to it where the
// key's row says so; replaced values must be good, too. The name must be valid; that of a template
// is given the instance "instance".
Checked<Unit> read_unit(std::string_view name, ParsedFiles files, const Vocabulary& vocabulary);

// The unit as if these keys, or whole tables, had not been written; only for one with a source.
// Single entries ("mounts.bind[1]") stay where they are, so that the others keep their numbers, and
// are listed in Unit::left_out.
Checked<Unit> without_keys(const Unit& unit, std::span<const std::string> keys,
                           const Vocabulary& vocabulary);

}  // namespace confinit
