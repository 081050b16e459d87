// SPDX-License-Identifier: Apache-2.0
// Removal: takes directories of the host away in a process of its own, for a caller that may not
// wait for a file system.
#pragma once

#include "base/result.h"
#include "kernel/clone.h"

#include <span>
#include <string>

namespace confinit {

// Begins to remove these directories with all that is in them; absolute, without symbolic links.
// The exit status of the process is 0, or the errno that kept one of them.
Result<Process> begin_removal(std::span<const std::string> paths, CloneMethod method);

}  // namespace confinit
