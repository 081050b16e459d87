// SPDX-License-Identifier: Apache-2.0
// thaw UNIT...: lets the processes of frozen units run on.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_thaw(Syntax& syntax) {
    syntax.footer =
        "A unit that a group above it keeps frozen runs on when that is thawed: the error names "
        "it. "
        "The unit's own freeze is taken back all the same.";
    return declare_unit_job(syntax, Method::thaw);
}

}  // namespace confinit
