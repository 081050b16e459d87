// SPDX-License-Identifier: Apache-2.0
// freeze UNIT...: makes every process of the units stand still: cgroup.freeze of cgroup v2.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_freeze(CLI::App& command) {
    return declare_unit_job(command, Method::freeze);
}

}  // namespace confinit
