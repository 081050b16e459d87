// SPDX-License-Identifier: Apache-2.0
// Root mount: what the process of a root switch does before PID 1 enters the root. It may wait.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "supervisor/machine/options.h"

namespace confinit {

// Where the root is mounted until it becomes the root.
inline constexpr const char* early_root = "/sysroot";

// Loads the modules that lie in the initramfs, waits until `until` for the device, mounts it, moves
// the kernel's file systems into it, and takes the host name that it has.
Status prepare_root(const RootOptions& root, Clock::time_point until);

}  // namespace confinit
