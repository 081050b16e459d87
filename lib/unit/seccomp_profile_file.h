// SPDX-License-Identifier: Apache-2.0
// Finding the file of a container's seccomp profile, and reading it into memory.
#pragma once

#include "unit/unit_files.h"

#include <map>
#include <string>
#include <string_view>

namespace confinit {

// Where a profile is looked for that is named without a directory, after the unit file's own.
inline constexpr std::string_view profile_directories[] = {"/etc/confinit/profiles",
                                                           "/usr/lib/confinit/profiles"};

struct ProfileFile {
    std::string path;
    std::string text;
};

// The profiles that the keys of one unit name, by what profile_key() makes of name and unit file:
// what is in here is not read again.
using ProfileTexts = std::map<std::string, ProfileFile, std::less<>>;
std::string profile_key(std::string_view name, std::string_view unit_file);

// `name` is an absolute path, or a file name. Absent when there is no such file. With checked
// ownership the file and its directory must belong to root, as those of units must: who can write a
// profile decides what a service may do.
Found<ProfileFile> find_profile_file(const std::string& name, std::string_view unit_file,
                                     Ownership ownership);

}  // namespace confinit
