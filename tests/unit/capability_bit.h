// SPDX-License-Identifier: Apache-2.0
// A capability by its number, as sets of capabilities hold it.
#pragma once

#include "kernel/capability_set.h"

namespace confinit {

constexpr CapabilityMask bit(int number) {
    return CapabilityMask{1} << number;
}

}  // namespace confinit
