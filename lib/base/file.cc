// SPDX-License-Identifier: Apache-2.0
// File access by descriptor: short files read and written whole, relative to a directory.
#include "base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {

Result<Fd> open_at(int at, const std::string& path, int flags, unsigned mode) {
    Fd fd{openat(at, path.c_str(), flags | O_CLOEXEC, mode)};
    if (!fd) return errno_failure("open", path);
    return fd;
}

Result<std::string> read_all(const Fd& fd, std::string_view name, std::size_t limit) {
    std::string text;
    std::array<char, 4096> chunk;
    for (;;) {
        const ssize_t count = read(fd.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_failure("read", name);
        if (count == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
        if (text.size() > limit) return std::unexpected(system_error(EFBIG, "read", name));
    }
}

Result<std::string> read_file(int at, const std::string& path, std::size_t limit) {
    const Fd fd = TRY(open_at(at, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    return read_all(fd, path, limit);
}

Result<std::optional<std::string>> find_file(int at, const std::string& path, std::size_t limit) {
    auto text = read_file(at, path, limit);
    if (!text && text.error().error == ENOENT) return std::nullopt;
    if (!text) return std::unexpected(std::move(text).error());
    return std::move(*text);
}

Status write_all(const Fd& fd, std::string_view name, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_failure("write", name);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Status write_file(int at, const std::string& path, std::string_view text) {
    const Fd fd = TRY(open_at(at, path, O_WRONLY | O_NOCTTY));
    const ssize_t count = write(fd.get(), text.data(), text.size());
    if (count < 0) return errno_failure("write", path);
    if (static_cast<std::size_t>(count) != text.size()) {
        return std::unexpected(system_error(EIO, "write", path));
    }
    return {};
}

bool exists(const std::string& path) {
    return faccessat(AT_FDCWD, path.c_str(), F_OK, AT_EACCESS) == 0;
}

Result<std::vector<std::string>> list_directory(int at, const std::string& path) {
    Fd fd = TRY(open_at(at, path, O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{fdopendir(fd.get()), closedir};
    if (!directory) return errno_failure("fdopendir", path);
    (void)fd.release();  // closedir owns it from here on.

    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = readdir(directory.get());
        if (entry == nullptr && errno != 0) return errno_failure("readdir", path);
        if (entry == nullptr) break;
        const std::string_view name{entry->d_name};
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

Status make_directories(const std::string& path, unsigned mode) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (mkdir(part.c_str(), mode) < 0 && errno != EEXIST) return errno_failure("mkdir", part);
        if (end == std::string::npos) return {};
    }
}

}  // namespace confinit
