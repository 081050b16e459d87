// SPDX-License-Identifier: Apache-2.0
// reboot: stops everything in order and starts the machine again.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_reboot(Syntax& /*syntax*/) {
    return declare_machine_job(Method::reboot);
}

}  // namespace confinit
