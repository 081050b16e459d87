// SPDX-License-Identifier: Apache-2.0
// FileRule: who may read a file or search a directory, as its inode says.
#include "kernel/file_rule.h"

#include <cerrno>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace confinit {
namespace {

// A list says more than the mode, which then has other bits in place of the group's.
bool has_no_list(const std::string& path) {
    const ssize_t size = lgetxattr(path.c_str(), "system.posix_acl_access", nullptr, 0);
    return size < 0 && (errno == ENODATA || errno == EOPNOTSUPP);
}

}  // namespace

FileRule look_at_rule(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0 || S_ISLNK(status.st_mode)) return {};
    return {status.st_uid, status.st_gid, has_no_list(path) ? status.st_mode : 0};
}

}  // namespace confinit
