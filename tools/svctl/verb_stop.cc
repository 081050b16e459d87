// SPDX-License-Identifier: Apache-2.0
// stop UNIT...: stops units and waits until nothing of them is left.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_stop(Syntax& syntax) {
    return declare_unit_job(syntax, Method::stop);
}

}  // namespace confinit
