// SPDX-License-Identifier: Apache-2.0
// Loading units: search path, drop-ins and templates; a unit comes whole or not at all.
#pragma once

#include "unit/problem.h"
#include "unit/unit.h"
#include "unit/unit_name.h"
#include "unit/vocabulary.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Where units are looked for, the first directory that has the file wins: /etc/confinit/units,
// /run/confinit/units, and the one of the installed units.
std::vector<std::string> default_unit_path();

// A longer unit file is refused unread.
inline constexpr std::size_t unit_file_limit = 256U << 10;

// The `key` of the one Problem of a unit that is not there at all.
inline constexpr std::string_view not_found_key = "not-found";

// Loads NAME.toml, or the template NAME@.toml for "NAME@INSTANCE" (in the strings of such a unit
// "%i" is the instance and "%n" the whole name), with the drop-ins NAME.toml.d/*.toml of all
// directories of the path in the order of their file names; of drop-ins with the same name the
// first directory's counts. The drop-ins of a template come before those of its instance. A
// drop-in's key replaces the key of the main file, arrays and tables as a whole; but the lists of
// units that this one depends on add up, so that several packages can each add to one unit.
//
// A directory of the path and every file read from it must belong to root (or to the supervisor's
// own user) and be writable by no group and by no others: who can write a unit can become root.
//
// All problems of all files come at once. Warnings are in Unit::warnings.
Checked<Unit> load_unit(std::string_view name, std::span<const std::string> directories,
                        const Vocabulary& vocabulary);

// Checks one file by its path, as `svctl check` does. A file in one of the unit directories is
// checked as load_unit would load it, ownership and all directories' drop-ins included; any other
// file with the drop-ins beside it, and whoever it belongs to. A template is checked with the
// instance "instance".
Checked<Unit> load_unit_file(const std::string& path, std::span<const std::string> directories,
                             const Vocabulary& vocabulary);

// The same from memory; `file` is the name used in locations. For tests and fuzzers.
Checked<Unit> parse_unit(std::string_view name, std::string_view file, std::string_view text,
                         const Vocabulary& vocabulary);

// The names of all units in these directories, templates ("heat@") included, sorted.
std::vector<std::string> list_unit_names(std::span<const std::string> directories);

}  // namespace confinit
