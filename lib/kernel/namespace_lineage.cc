// SPDX-License-Identifier: Apache-2.0
// Where a namespace of a process comes from: ioctl_ns(2).
#include "kernel/namespace_lineage.h"

#include "kernel/procfs.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace confinit {
namespace {

// The kernel nests user namespaces no deeper: user_namespaces(7).
constexpr std::size_t deepest = 33;

// The link below /proc/PID/ns is a magic one, so it is followed only after procfs itself was seen
// at its place, and what was opened has to be a namespace.
Result<Fd> open_namespace(const Fd& process, std::string_view name) {
    const std::string path = "ns/" + std::string{name};
    (void)TRY(open_in_procfs(process, path, O_PATH | O_NOFOLLOW));
    Fd file{openat(process.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!file) return errno_failure("open", path);
    struct statfs status{};
    if (fstatfs(file.get(), &status) < 0) return errno_failure("fstatfs", path);
    if (status.f_type != NSFS_MAGIC) return failure(path + " is no namespace");
    return file;
}

Result<std::string> user_namespace_text(const Fd& file) {
    struct stat status{};
    if (fstat(file.get(), &status) < 0) return errno_failure("fstat", "a user namespace");
    return "user:[" + std::to_string(status.st_ino) + "]";
}

Result<std::vector<std::string>> lineage_from(Fd file) {
    std::vector<std::string> lineage;
    while (lineage.size() < deepest) {
        lineage.push_back(TRY(user_namespace_text(file)));
        Fd parent{ioctl(file.get(), NS_GET_PARENT)};
        // The kernel does not show namespaces above the reader's own.
        if (!parent) break;
        file = std::move(parent);
    }
    return lineage;
}

}  // namespace

Result<std::vector<std::string>> user_namespace_lineage(const Fd& process) {
    return lineage_from(TRY(open_namespace(process, "user")));
}

Result<std::vector<std::string>> owner_lineage(const Fd& process, std::string_view name) {
    const Fd file = TRY(open_namespace(process, name));
    Fd owner{ioctl(file.get(), NS_GET_USERNS)};
    if (!owner) return errno_failure("ioctl NS_GET_USERNS", std::string{name});
    return lineage_from(std::move(owner));
}

}  // namespace confinit
