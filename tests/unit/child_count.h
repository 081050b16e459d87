// SPDX-License-Identifier: Apache-2.0
// The processes that this thread is the parent of.
#pragma once

#include "base/file.h"

#include <algorithm>
#include <cstddef>
#include <fcntl.h>
#include <string>

namespace confinit {

inline std::size_t count_children() {
    const std::string text = read_file(AT_FDCWD, "/proc/thread-self/children", 65536).value();
    return static_cast<std::size_t>(std::ranges::count(text, ' '));
}

}  // namespace confinit
