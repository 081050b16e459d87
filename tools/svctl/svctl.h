// SPDX-License-Identifier: Apache-2.0
// svctl: the command line of confinit, from its arguments to its exit status.
#pragma once

namespace confinit {

int svctl_main(int argc, const char* const* argv);

}  // namespace confinit
