// SPDX-License-Identifier: Apache-2.0
// The limit that keeps the kernel from making a process: clone(2) says EAGAIN for all of them.
#pragma once

#include "base/result.h"

namespace confinit {

// For a process that was to be made in `node`, the directory of a cgroup node, or, with -1, in the
// supervisor's own.
Error explain_no_process(int node);

}  // namespace confinit
