// SPDX-License-Identifier: Apache-2.0
// The child's own findings: what it does not go on with, though no system call has failed.
#pragma once

#include <cstdint>

namespace confinit {

// In place of the number of a system call in a LaunchReport. Its `error` then only picks the hint:
// nobody has answered it, and it is not told.
constexpr std::int32_t own_finding = -2;

}  // namespace confinit
