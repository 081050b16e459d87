// SPDX-License-Identifier: Apache-2.0
// How many bytes can wait in a pipe or a terminal for their reader.
#include "base/held_bytes.h"

#include <fcntl.h>

namespace confinit {

std::size_t most_held_bytes(const Fd& fd) {
    constexpr std::size_t of_a_terminal = std::size_t{128} << 10;
    const int size = fcntl(fd.get(), F_GETPIPE_SZ);
    return size > 0 ? static_cast<std::size_t>(size) : of_a_terminal;
}

}  // namespace confinit
