// SPDX-License-Identifier: Apache-2.0
// The words that the kernel's tables lend to the unit reader.
#pragma once

#include "unit/vocabulary.h"

namespace confinit {

// Capabilities, securebits, system calls and their sets, as this program knows them. Make it once
// and pass it to every load; it refers to constant tables only.
Vocabulary kernel_vocabulary();

}  // namespace confinit
