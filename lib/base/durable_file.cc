// SPDX-License-Identifier: Apache-2.0
// Files that are there whole or not at all, also after a full disk and a power cut.
#include "base/durable_file.h"

#include "base/fd.h"
#include "base/file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// The reader of directories passes over names that begin with a dot.
std::string fresh_name(const std::string& path) {
    const std::size_t slash = path.rfind('/') + 1;  // npos + 1 is 0
    return path.substr(0, slash) + "." + path.substr(slash) + ".new";
}

Status sync_directory(const std::string& path) {
    const Fd directory = TRY(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY));
    if (fsync(directory.get()) < 0) return errno_failure("fsync", path);
    return {};
}

Status write_all(const Fd& file, const std::string& path, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(file.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_failure("write", path);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

// O_EXCL: what lies there already is not ours, or is left over and has been removed.
Status write_fresh(const std::string& path, std::string_view text, unsigned mode) {
    (void)unlink(path.c_str());
    const Fd file = TRY(open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    if (fchmod(file.get(), mode) < 0) return errno_failure("fchmod", path);
    TRY(write_all(file, path, text));
    if (fsync(file.get()) < 0) return errno_failure("fsync", path);
    return {};
}

Status replace(const std::string& path, std::string_view text, unsigned mode) {
    const std::string fresh = fresh_name(path);
    Status written = write_fresh(fresh, text, mode);
    if (written && rename(fresh.c_str(), path.c_str()) < 0) written = errno_failure("rename", path);
    if (!written) (void)unlink(fresh.c_str());
    return written;
}

}  // namespace

Status write_durably(const std::string& path, std::string_view text, unsigned mode) {
    const std::string directory = directory_of(path);
    const bool is_new = mkdir(directory.c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) TRY(make_directories(directory));
    if (auto replaced = replace(path, text, mode); !replaced) {
        if (is_new) (void)rmdir(directory.c_str());
        return replaced;
    }
    TRY(sync_directory(directory));
    return sync_directory(directory_of(directory));
}

Status remove_durably(const std::string& path) {
    if (unlink(path.c_str()) < 0 && errno != ENOENT) return errno_failure("unlink", path);
    const std::string directory = directory_of(path);
    if (rmdir(directory.c_str()) == 0) return sync_directory(directory_of(directory));
    if (errno == ENOENT) return {};
    return sync_directory(directory);
}

}  // namespace confinit
