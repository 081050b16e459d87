// SPDX-License-Identifier: Apache-2.0
// enable UNIT...: makes the units that a unit names in wanted_by and required_by start it.
#include "svctl/declare_enablement.h"

namespace confinit {

VerbAction declare_enable(Syntax& syntax) {
    return declare_enablement(syntax, enable_unit, Method::start);
}

}  // namespace confinit
