// SPDX-License-Identifier: Apache-2.0
// UnitReading: one look at the files of a unit, as a value that goes from the process that has
// looked to the one that keeps the unit.
#pragma once

#include "base/packed_texts.h"
#include "unit/problem.h"
#include "unit/unit_stamp.h"
#include "unit/unit_texts.h"
#include "unit/vocabulary.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct UnitReading {
    UnitStamp stamp;                // taken before the files were read
    std::vector<Problem> problems;  // none: it loads
    UnitTexts texts;                // of one that loads
    // foreign_files_of(); absent where nobody has asked for them.
    std::optional<std::vector<std::string>> not_read;

    void pack(TextPacker& packer) const;
    static UnitReading unpack(TextUnpacker& unpacker);
};

// The path of the file of the unit's filter, or empty.
std::string profile_of(const Unit& unit);

// Reads the files. `unit` is what they make.
UnitReading read_unit_files(std::string_view name, std::span<const std::string> directories,
                            const Vocabulary& vocabulary, Checked<Unit>& unit);

// Makes the unit of the reading, and looks at no file. The reader of the files has tried the
// filter: the vocabulary needs no filter_fault.
Checked<Unit> unit_of(const UnitReading& reading, const Vocabulary& vocabulary);

}  // namespace confinit
