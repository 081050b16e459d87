// SPDX-License-Identifier: Apache-2.0
// Files that are there whole or not at all, also after a full disk and a power cut.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace confinit {

// Writes a new file beside the old one, has the kernel put it on the disk, and only then gives it
// the name; then the name is put on the disk as well. Directories that are missing are made. After
// a failure all is as it was. fsync(2) waits for the disk: not for PID 1 itself.
Status write_durably(const std::string& path, std::string_view text, unsigned mode = 0644);

// Takes the file away, and its directory when that is empty then. No file is no error.
Status remove_durably(const std::string& path);

}  // namespace confinit
