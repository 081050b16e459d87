// SPDX-License-Identifier: Apache-2.0
// Files that are there whole or not at all, also after a full disk and a power cut.
//
// The kernel puts a new file on the disk before the file gets its name, and then the name. After a
// failure all is as it was. fsync(2) waits for the disk: not for PID 1 itself.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace confinit {

// Makes or replaces the file of this name in this directory.
Status replace_file(int directory, const std::string& name, std::string_view text,
                    unsigned mode = 0644);

// The same by the path of the file. Directories that are missing are made.
Status write_durably(const std::string& path, std::string_view text, unsigned mode = 0644);

// Takes the file away, and its directory when that is empty then. No file is no error.
Status remove_durably(const std::string& path);

}  // namespace confinit
