// SPDX-License-Identifier: Apache-2.0
// FileRule: who may read a file or search a directory, as its inode says.
#pragma once

#include <string>
#include <sys/types.h>

namespace confinit {

struct FileRule {
    uid_t owner = 0;
    gid_t group = 0;
    mode_t mode = 0;  // none where there is doubt
};

// It does not follow the path: a symbolic link is in doubt, and so is a file with an access control
// list.
FileRule look_at_rule(const std::string& path);

}  // namespace confinit
