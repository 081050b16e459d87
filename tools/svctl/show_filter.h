// SPDX-License-Identifier: Apache-2.0
// show --filter: the system call filter of one unit, of the supervisor's or of a unit file.
#pragma once

#include "svctl/context.h"

#include <string>

namespace confinit {

struct FilterOptions {
    std::string unit;      // a name, or the path of a unit file, which is read here
    bool program = false;  // the instructions as well
};

// Prints it as text, or with --json as a profile that seccomp.profile reads. Returns the exit code.
int show_filter(const Context& context, const FilterOptions& options);

}  // namespace confinit
