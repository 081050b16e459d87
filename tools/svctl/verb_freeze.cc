// SPDX-License-Identifier: Apache-2.0
// freeze UNIT...: makes every process of the units stand still: cgroup.freeze of cgroup v2.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_freeze(Syntax& syntax) {
    return declare_unit_job(syntax, Method::freeze);
}

}  // namespace confinit
