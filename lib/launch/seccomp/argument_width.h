// SPDX-License-Identifier: Apache-2.0
// How much of an argument the kernel looks at: what it cuts off must not hide an argument.
#pragma once

#include "kernel/syscall_sets.h"

#include <cstdint>
#include <string_view>

namespace confinit {

// 16, 32 or 64.
unsigned argument_bits(SyscallAbi abi, std::string_view call, unsigned index);

constexpr std::uint64_t mask_of_bits(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

}  // namespace confinit
