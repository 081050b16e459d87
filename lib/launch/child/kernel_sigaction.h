// SPDX-License-Identifier: Apache-2.0
// KernelSigaction: the kernel's own struct sigaction, whose layout libc hides.
#pragma once

#include <cstdint>

namespace confinit {

// All zeros is SIG_DFL.
struct KernelSigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

inline constexpr int signal_count = 64;

}  // namespace confinit
