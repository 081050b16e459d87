// SPDX-License-Identifier: Apache-2.0
// How many bytes can wait in a pipe or a terminal for their reader.
#pragma once

#include "base/fd.h"

#include <cstddef>

namespace confinit {

// A reader of so many has all that was written before, though somebody goes on writing:
// F_GETPIPE_SZ of fcntl(2); a terminal, which does not tell, holds 64 KiB behind its line of 4 KiB
// (the kernel's drivers/tty/tty_buffer.c).
std::size_t most_held_bytes(const Fd& fd);

}  // namespace confinit
