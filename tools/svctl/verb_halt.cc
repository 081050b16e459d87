// SPDX-License-Identifier: Apache-2.0
// halt: stops everything in order and leaves the machine standing.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_halt(Syntax& /*syntax*/) {
    return declare_machine_job(Method::halt);
}

}  // namespace confinit
