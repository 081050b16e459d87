// SPDX-License-Identifier: Apache-2.0
// Which files may be read as text: a FIFO would keep the reader, and a device may do something.
#pragma once

#include <string_view>
#include <sys/stat.h>

namespace confinit {

// Why something of this mode is not read as a file; empty where it may be.
constexpr std::string_view kind_fault(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return {};
    case S_IFDIR:
        return "it is a directory and not a file";
    case S_IFIFO:
        return "it is a FIFO and not a regular file";
    case S_IFSOCK:
        return "it is a socket and not a regular file";
    default:
        return "it is a device and not a regular file";
    }
}

}  // namespace confinit
