// SPDX-License-Identifier: Apache-2.0
// The search for a program that has no path, as execvp(3) does it.
#pragma once

#include "base/result.h"
#include "launch/plan/service_view.h"

#include <string>
#include <vector>

namespace confinit {

// The first file of that name in the PATH of this environment; a name with a slash is a path
// already. Where none is certain, one in a directory that cannot be looked into from here is tried.
Result<std::string> find_program(const std::string& name,
                                 const std::vector<std::string>& environment,
                                 const ServiceView& view);

}  // namespace confinit
