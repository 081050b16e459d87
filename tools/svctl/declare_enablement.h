// SPDX-License-Identifier: Apache-2.0
// The verbs enable and disable: the same options, and the same report of files.
#pragma once

#include "svctl/enablement.h"
#include "svctl/verbs.h"

namespace confinit {

// `job` is what --now asks of the supervisor.
VerbAction declare_enablement(Syntax& syntax,
                              Answer<Enablement> (*change)(const UnitTree& tree,
                                                           const std::string& unit,
                                                           const Vocabulary& vocabulary),
                              Method job);

}  // namespace confinit
