// SPDX-License-Identifier: Apache-2.0
// start UNIT...: starts units and what they require, and waits until they are up.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_start(Syntax& syntax) {
    return declare_unit_job(syntax, Method::start);
}

}  // namespace confinit
