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
#include <utility>

namespace confinit {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_directory(const std::string& path) {
    const Fd directory = TRY(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY));
    if (fsync(directory.get()) < 0) return errno_failure("fsync", path);
    return {};
}

// O_EXCL: a file that lies there already is not ours, or is left over and has been removed.
Status write_fresh(int directory, const std::string& name, std::string_view text, unsigned mode) {
    const Fd fd = TRY(open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    while (!text.empty()) {
        const ssize_t count = write(fd.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_failure("write", name);
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (fchmod(fd.get(), mode) < 0) return errno_failure("fchmod", name);
    if (fsync(fd.get()) < 0) return errno_failure("fsync", name);
    return {};
}

Status replace_by_path(const std::string& path, const std::string& directory, std::string_view text,
                       unsigned mode) {
    const Fd opened = TRY(open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY));
    const std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    auto replaced = replace_file(opened.get(), name, text, mode);
    if (!replaced) return std::unexpected(std::move(replaced).error().in(directory));
    return {};
}

}  // namespace

Status replace_file(int directory, const std::string& name, std::string_view text, unsigned mode) {
    // The reader of directories passes over names that begin with a dot.
    const std::string fresh = "." + name + ".new";
    // A former attempt may have left it.
    (void)unlinkat(directory, fresh.c_str(), 0);
    const Status put = write_fresh(directory, fresh, text, mode);
    if (put && renameat(directory, fresh.c_str(), directory, name.c_str()) == 0) {
        return fsync(directory) == 0 ? Status{} : errno_failure("fsync the directory of", name);
    }
    const Status failed = put ? errno_failure("rename", name) : put;
    (void)unlinkat(directory, fresh.c_str(), 0);
    return failed;
}

Status write_durably(const std::string& path, std::string_view text, unsigned mode) {
    const std::string directory = directory_of(path);
    const bool is_new = mkdir(directory.c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) TRY(make_directories(directory));
    if (auto replaced = replace_by_path(path, directory, text, mode); !replaced) {
        if (is_new) (void)rmdir(directory.c_str());
        return replaced;
    }
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
