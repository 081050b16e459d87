// SPDX-License-Identifier: Apache-2.0
// disable UNIT...: takes away what enable has made.
#include "svctl/declare_enablement.h"

namespace confinit {

VerbAction declare_disable(Syntax& syntax) {
    return declare_enablement(syntax, disable_unit, Method::stop);
}

}  // namespace confinit
