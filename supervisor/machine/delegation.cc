// SPDX-License-Identifier: Apache-2.0
// Delegation: whether a node of the cgroup tree is ours to divide, when we are no PID 1.
#include "supervisor/machine/delegation.h"

#include "base/file.h"
#include "base/reserved_ids.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace confinit {
namespace {

// PROC_USER_INIT_INO of include/linux/proc_ns.h: root of another user namespace is an ordinary user
// on the tree.
constexpr ino_t first_user_namespace = 0xEFFFFFFD;

bool is_real_root() {
    struct stat status{};
    return geteuid() == 0 && stat("/proc/self/ns/user", &status) == 0 &&
           status.st_ino == first_user_namespace;
}

bool is_marked(const Cgroup& node) {
    return std::ranges::any_of(std::array{"trusted.delegate", "user.delegate"}, [&](auto name) {
        char value = 0;
        return fgetxattr(node.directory().get(), name, &value, sizeof value) == 1 && value == '1';
    });
}

Status check_owner(const Cgroup& node) {
    for (const std::string_view file : {"", "/cgroup.procs", "/cgroup.subtree_control"}) {
        const std::string path = fmt::format("{}{}", node.path(), file);
        const std::string name = file.empty() ? "." : std::string{file.substr(1)};
        struct stat status{};
        if (fstatat(node.directory().get(), name.c_str(), &status, 0) < 0) {
            return errno_failure("stat", path);
        }
        // A supervisor that was killed has left it so.
        if (status.st_uid == geteuid() || status.st_uid == own_user) continue;
        return failure(fmt::format("{} belongs to uid {}", path, status.st_uid));
    }
    return {};
}

}  // namespace

bool is_tree_root(const Cgroup& node) {
    const auto type = node.read("cgroup.type");
    return !type && type.error().error == ENOENT;
}

Status check_delegated(const Cgroup& node) {
    if (!is_real_root()) return check_owner(node);
    if (is_marked(node)) return {};
    return failure(
        fmt::format("{} is not delegated: it has no extended attribute trusted.delegate "
                    "or user.delegate of 1",
                    node.path()));
}

std::string process_text(int pid) {
    // The kernel shows 0 for a process that our pid namespace does not have.
    if (pid == 0) return "a process of another pid namespace";
    const auto name = read_file(AT_FDCWD, fmt::format("/proc/{}/comm", pid), 64);
    return fmt::format("process {} ({})", pid, name ? trim(*name) : "?");
}

Status check_unshared(const Cgroup& node) {
    for (const int pid : TRY(node.process_ids())) {
        if (pid == getpid()) continue;
        return failure(
            fmt::format("{} is not ours alone: {} lives in it", node.path(), process_text(pid)));
    }
    return {};
}

}  // namespace confinit
