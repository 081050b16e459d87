// SPDX-License-Identifier: Apache-2.0
// Unit files on disk: which directories hold units, what may be trusted in them, and reading it.
#pragma once

#include "base/fd.h"
#include "unit/problem.h"
#include "unit/unit_name.h"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Who can write a unit can run anything as root, so what a supervisor loads must belong to root
// (or to the supervisor's own user) and be writable by its owner alone.
enum class Ownership { checked, ignored };

// A directory with units or drop-ins, held open: what is read from it comes from the directory
// whose owner was looked at, whatever happens to the path meanwhile.
struct UnitDirectory {
    std::string path;
    Fd fd;
    Ownership ownership = Ownership::checked;
};

// The path of a name in it, for messages.
std::string path_of(const UnitDirectory& directory, const std::string& name);

template <class T>
using Found = std::expected<std::optional<T>, Problem>;

// Absent when there is no such directory.
Found<UnitDirectory> find_directory(const std::string& path, Ownership ownership);
Found<UnitDirectory> find_directory(const UnitDirectory& parent, const std::string& name);

// The text of a regular file in it, absent when there is no such name. Directories, devices,
// FIFOs, dangling links and files above unit_file_limit are problems; nothing but a regular file is
// opened at all, since merely opening a device can do something.
Found<std::string> find_unit_file(const UnitDirectory& directory, const std::string& name);

// The names that end in ".toml" and do not begin with a dot, sorted.
std::expected<std::vector<std::string>, Problem> list_unit_files(const UnitDirectory& directory);

// Whether a file of this name is a unit or a drop-in.
bool is_unit_file_name(std::string_view name);

// The names of the files that may hold the unit, the most particular one first.
std::vector<std::string> unit_file_names(const UnitNameParts& parts);

// The files in unit directories that are never read, a line each that says why: names that are no
// unit's, drop-ins of no unit, files of other kinds. A name that begins with a dot is left out: so
// editors and package managers write what is not meant to be seen.
// Drop-ins of a unit that is in a directory of `search_path` are read as well.
std::vector<std::string> foreign_files(std::span<const std::string> directories,
                                       std::span<const std::string> search_path = {});

// Those of them that look as if they were meant for the unit: "heat.service", "heat.d" and
// "heat.toml.d/override.conf".
std::vector<std::string> foreign_files_of(std::string_view unit,
                                          std::span<const std::string> directories);

// The same where nothing is a unit of this name, and at a cost that does not depend on how many
// files there are: one line each for a file such as "heat.service", and for the template
// "heat@.toml".
std::vector<std::string> files_in_place_of(std::string_view unit,
                                           std::span<const std::string> directories);

// Whether the path leads to this very directory.
bool is_same_directory(const UnitDirectory& directory, const std::string& path);

}  // namespace confinit
