// SPDX-License-Identifier: Apache-2.0
// Clock: the one that deadlines are on; it stands still while the machine sleeps.
#pragma once

#include <chrono>

namespace confinit {

using Clock = std::chrono::steady_clock;

}  // namespace confinit
