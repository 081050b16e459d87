// SPDX-License-Identifier: Apache-2.0
// Root switch: the initramfs gives way to a disk, before anything is started.
//
// PID 1 stays the program of the initramfs: its pages are in memory, and no disk can stop it. Its
// helper programs come along as copies in the runtime directory, for the same reason.
#pragma once

#include "base/result.h"
#include "supervisor/machine/console.h"
#include "supervisor/machine/options.h"

namespace confinit {

// Whether our root is the kernel's own file system in memory, which can give way.
bool is_initramfs();

// Mounts `root` in a process that may wait, with a deadline, and enters it. The mounts of /dev,
// /proc, /sys and /run go along, the files of the initramfs are removed. The options then name the
// copies of the helpers.
Status switch_root(const RootOptions& root, Options& options);

}  // namespace confinit
