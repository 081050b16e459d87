// SPDX-License-Identifier: Apache-2.0
// Finding the file of a container's seccomp profile, and reading it into memory.
#pragma once

#include "unit/unit_files.h"

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

// `name` is an absolute path, or a file name. Absent when there is no such file. With checked
// ownership the file and its directory must belong to root, as those of units must: who can write a
// profile decides what a service may do.
Found<ProfileFile> find_profile_file(const std::string& name, std::string_view unit_file,
                                     Ownership ownership);

}  // namespace confinit
