// SPDX-License-Identifier: Apache-2.0
// The directory of the sockets, chosen where nobody has said which.
#pragma once

#include <string>

namespace confinit {

// The first of runtime_places() that is there, or can be made, and that we may write to. Where none
// is: the usual one, with which the control socket fails, in words.
std::string usable_runtime_directory();

}  // namespace confinit
