// SPDX-License-Identifier: Apache-2.0
// Mounting by descriptor for the child: paths resolved once, mounts made detached and then
// attached, so that nothing can be swapped under a path in between.
#include "launch/child/mount_calls.h"

#include <array>
#include <climits>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/statfs.h>

namespace confinit {

namespace {

// openat2(2) gives up with EAGAIN when it meets a rename or mount on its way; whoever can cause
// these without end only delays the launch until its timeout, so the tries are bounded.
constexpr int resolve_tries = 64;

// The first of a character, or the end: libc's strchr(3) is not on the child's list of symbols.
const char* find(const char* text, char wanted) {
    while (*text != '\0' && *text != wanted)
        ++text;
    return text;
}

const char* find_last(const char* text, char wanted) {
    const char* last = nullptr;
    for (; *text != '\0'; ++text) {
        if (*text == wanted) last = text;
    }
    return last;
}

bool configure(ChildContext& child, int context, unsigned command, const char* key,
               const char* value) {
    return child.call(SYS_fsconfig, context, command, key, value, 0) >= 0;
}

// One "name=value" or "name" of `length` characters.
bool set_option(ChildContext& child, int context, const char* text, std::size_t length) {
    std::array<char, 256> option{};
    if (length >= option.size()) return child.refuse(E2BIG);
    __builtin_memcpy(option.data(), text, length);
    const auto name_length = static_cast<std::size_t>(find(option.data(), '=') - option.data());
    if (name_length == length) {
        return configure(child, context, FSCONFIG_SET_FLAG, option.data(), nullptr);
    }
    option.data()[name_length] = '\0';
    const char* value = option.data() + name_length + 1;
    return configure(child, context, FSCONFIG_SET_STRING, option.data(), value);
}

bool set_options(ChildContext& child, int context, const char* options) {
    while (options != nullptr && *options != '\0') {
        const char* end = find(options, ',');
        if (!set_option(child, context, options, static_cast<std::size_t>(end - options))) {
            return false;
        }
        options = *end == ',' ? end + 1 : end;
    }
    return true;
}

// Where the resolution of an op's target begins.
struct Start {
    int directory;
    const char* path;
    std::uint64_t resolve;
};

Start start_of(const ChildContext& child, const MountOp& op) {
    const std::uint64_t links = op.place != nullptr ? RESOLVE_NO_SYMLINKS : 0;
    return {.directory = op.inside != 0 ? child.plan.mount_sources[op.inside] : child.root,
            .path = op.place != nullptr ? op.place : op.target,
            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | links};
}

}  // namespace

ChildFd open_path(ChildContext& child, int directory, const char* path, std::uint64_t flags,
                  std::uint64_t resolve) {
    const open_how how{.flags = flags | O_CLOEXEC, .mode = 0, .resolve = resolve};
    long fd = -1;
    for (int tries = 0; tries < resolve_tries; ++tries) {
        fd = child.call(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0 || child.error != EAGAIN) break;
    }
    return ChildFd{fd};
}

ChildFd open_target(ChildContext& child, const MountOp& op, std::uint64_t flags) {
    const Start start = start_of(child, op);
    return open_path(child, start.directory, start.path, O_PATH | flags, start.resolve);
}

TargetParent open_target_parent(ChildContext& child, const MountOp& op) {
    const Start start = start_of(child, op);
    std::array<char, PATH_MAX> parent;
    const char* slash = find_last(start.path, '/');
    const std::size_t length = slash != nullptr ? static_cast<std::size_t>(slash - start.path) : 0;
    if (slash == nullptr || length >= parent.size() - 1) {
        (void)child.fail(SYS_openat2, slash == nullptr ? EINVAL : ENAMETOOLONG);
        return {ChildFd{-1}, start.path};
    }
    __builtin_memcpy(parent.data(), start.path, length);
    __builtin_memcpy(parent.data() + length, "/", sizeof "/");
    // Nothing is made in what is mounted inside of the tmpfs.
    const std::uint64_t stay = op.inside != 0 ? RESOLVE_NO_XDEV : 0;
    return {open_path(child, start.directory, parent.data(), O_PATH | O_DIRECTORY,
                      start.resolve | stay),
            slash + 1};
}

ChildFd open_in_procfs(ChildContext& child, const char* path, std::uint64_t flags) {
    const ChildFd root{child.call(SYS_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    struct statfs file_system{};
    if (!root || child.call(SYS_fstatfs, root.get(), &file_system) < 0) return ChildFd{-1};
    if (file_system.f_type != PROC_SUPER_MAGIC) {
        (void)child.refuse(ENODEV);
        return ChildFd{-1};
    }
    return open_path(child, root.get(), path, flags,
                     RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

ChildFd copy_mount(ChildContext& child, int fd, bool recursive) {
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
    return ChildFd{child.call(SYS_open_tree, fd, "", flags)};
}

bool change_attributes(ChildContext& child, int mount, std::uint64_t set, std::uint64_t clear) {
    if ((set | clear) == 0) return true;
    const bool is_wall = (set & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC)) != 0;
    const mount_attr attributes{
        .attr_set = set,
        .attr_clr = clear,
        .propagation = is_wall && !child.plan.lets_mounts_in ? std::uint64_t{MS_PRIVATE} : 0,
        .userns_fd = 0};
    return child.call(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                      sizeof attributes) >= 0;
}

bool attach_mount(ChildContext& child, const ChildFd& mount, int target) {
    return child.call(SYS_move_mount, mount.get(), "", target, "",
                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) >= 0;
}

ChildFd make_file_system(ChildContext& child, const NewFileSystem& wanted) {
    const ChildFd context{child.call(SYS_fsopen, wanted.type, FSOPEN_CLOEXEC)};
    const int fd = context.get();
    if (!context || !set_options(child, fd, wanted.options)) return ChildFd{-1};
    if (wanted.mode != nullptr && !configure(child, fd, FSCONFIG_SET_STRING, "mode", wanted.mode)) {
        return ChildFd{-1};
    }
    // The source is what mountinfo shows; a file system without one has its type there.
    const char* source = wanted.source != nullptr ? wanted.source : wanted.type;
    if (!configure(child, fd, FSCONFIG_SET_STRING, "source", source) ||
        !configure(child, fd, FSCONFIG_CMD_CREATE, nullptr, nullptr)) {
        return ChildFd{-1};
    }
    return ChildFd{child.call(SYS_fsmount, fd, FSMOUNT_CLOEXEC, wanted.attributes)};
}

}  // namespace confinit
