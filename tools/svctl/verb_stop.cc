// SPDX-License-Identifier: Apache-2.0
// stop UNIT...: stops units and waits until nothing of them is left.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_stop(CLI::App& command) {
    return declare_unit_job(command, Method::stop);
}

}  // namespace confinit
