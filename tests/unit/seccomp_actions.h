// SPDX-License-Identifier: Apache-2.0
// Actions of a filter, as units and profiles name them.
#pragma once

#include "unit/unit.h"

namespace confinit {

constexpr SeccompAction error_action(int number) {
    return {.kind = SeccompActionKind::error, .error_number = number};
}

}  // namespace confinit
