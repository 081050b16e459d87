// SPDX-License-Identifier: Apache-2.0
// restart UNIT...: stops units, starts them again, and waits until they are up.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_restart(Syntax& syntax) {
    return declare_unit_job(syntax, Method::restart);
}

}  // namespace confinit
