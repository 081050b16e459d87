// SPDX-License-Identifier: Apache-2.0
// Root device: the block device that confinit.root= means. It looks at disks, and so may wait.
#pragma once

#include "base/result.h"

#include <string>

namespace confinit {

// A path, or LABEL=NAME or UUID=NUMBER of an ext2, ext3 or ext4 file system: those are compared
// with the superblock of each block device that the kernel knows. ENOENT while there is none such.
Result<std::string> find_root_device(const std::string& wanted);

}  // namespace confinit
