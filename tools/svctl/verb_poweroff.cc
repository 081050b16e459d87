// SPDX-License-Identifier: Apache-2.0
// poweroff: stops everything in order and switches the machine off.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_poweroff(Syntax& /*syntax*/) {
    return declare_machine_job(Method::power_off);
}

}  // namespace confinit
