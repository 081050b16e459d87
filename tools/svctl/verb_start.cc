// SPDX-License-Identifier: Apache-2.0
// start UNIT...: starts units and what they require, and waits until they are up.
#include "svctl/declare.h"

namespace confinit {

VerbAction declare_start(CLI::App& command) {
    return declare_unit_job(command, Method::start);
}

}  // namespace confinit
