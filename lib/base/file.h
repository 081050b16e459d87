// SPDX-License-Identifier: Apache-2.0
// File access by descriptor: short files read and written whole, relative to a directory.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// openat(2) with O_CLOEXEC. `at` may be AT_FDCWD.
Result<Fd> open_at(int at, const std::string& path, int flags, unsigned mode = 0);

// Reads at most `limit` bytes; a longer file is an error (EFBIG), as is anything that is not a
// regular file or a kernel file: opening is done with O_NONBLOCK so that a FIFO cannot block.
Result<std::string> read_file(int at, const std::string& path, std::size_t limit = 1U << 20);

// The same, and absence (ENOENT) is not an error.
Result<std::optional<std::string>> find_file(int at, const std::string& path,
                                             std::size_t limit = 1U << 20);

// Reads an open descriptor from its present position to its end.
Result<std::string> read_all(const Fd& fd, std::string_view name, std::size_t limit = 1U << 20);

// As many write(2) as the text takes. `name` is that of the file, for the message.
Status write_all(const Fd& fd, std::string_view name, std::string_view text);

// One write(2) of the whole text, as the kernel's control files require; the file must exist.
Status write_file(int at, const std::string& path, std::string_view text);

// Whether there is something by this name, as far as the effective user may look: access(2) asks
// for the real one.
bool exists(const std::string& path);

// The names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(int at, const std::string& path);

// mkdir(2) of each missing part of an absolute path.
Status make_directories(const std::string& path, unsigned mode = 0755);

}  // namespace confinit
