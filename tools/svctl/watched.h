// SPDX-License-Identifier: Apache-2.0
// Looks at the files of this machine, which need not answer.
#pragma once

#include "svctl/context.h"

#include <functional>

namespace confinit {

// Runs the action in a process of its own, which notes where it looks (see LookNote), and returns
// its exit code. One that stands still is ended, or left behind where it cannot be, and the path is
// told that it was at.
int run_watched(const Context& context, const std::function<int()>& action);

}  // namespace confinit
