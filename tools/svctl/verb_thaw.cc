// SPDX-License-Identifier: Apache-2.0
// thaw UNIT...: lets the processes of frozen units run on.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_thaw(CLI::App& command) {
    return declare_unit_job(command, Method::thaw);
}

}  // namespace confinit
