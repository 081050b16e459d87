// SPDX-License-Identifier: Apache-2.0
// The child's mounts: the interpreter of the MountOps that the parent has put in order.
#include "launch/child_mount_calls.h"
#include "launch/child_steps.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>

namespace confinit {

namespace {

// umount2(2)'s flag; <sys/mount.h> cannot be included beside <linux/mount.h>.
constexpr int umount_detach = 2;

constexpr std::uint64_t no_devices = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t data_only = no_devices | MOUNT_ATTR_NOEXEC;

bool get_status(ChildContext& child, int fd, struct stat& status) {
    return child.call(SYS_fstat, fd, &status) >= 0;
}

// What makes a mount read-only or its attributes stricter works on whole mounts only.
bool is_mount_point(ChildContext& child, int fd, bool& result) {
    struct statx status{};
    if (child.call(SYS_statx, fd, "", AT_EMPTY_PATH, 0, &status) < 0) return false;
    result = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return true;
}

// With a root of its own, the service sees a copy of that directory's mounts, attached onto
// itself: pivot_root(2) wants a mount point.
bool open_root(ChildContext& child) {
    child.object = LaunchReport::Object::source;
    const char* path = child.plan.root != nullptr ? child.plan.root : "/";
    ChildFd directory{child.call(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return false;
    if (child.plan.root == nullptr) {
        child.root = directory.release();
        return true;
    }
    ChildFd copy = copy_mount(child, directory.get(), true);
    if (!copy || !attach_mount(child, copy, directory.get())) return false;
    child.root = copy.release();
    return true;
}

bool open_source(ChildContext& child, const MountOp& op, int& source) {
    const open_how how{
        .flags = O_PATH | O_CLOEXEC |
                 (op.kind == MountOpKind::device_node ? std::uint64_t{O_NOFOLLOW} : 0),
        .mode = 0,
        .resolve = RESOLVE_NO_MAGICLINKS,
    };
    source = static_cast<int>(child.call(SYS_openat2, AT_FDCWD, op.source, &how, sizeof how));
    return source >= 0;
}

// A copy that is made before anything is read-only has the attributes that the host gave it.
bool copy_source(ChildContext& child, const MountOp& op, int& source) {
    if (!open_source(child, op, source)) return false;
    const ChildFd path{source};
    source = copy_mount(child, path.get(), op.recursive).release();
    return source >= 0;
}

// A path that stays writable or executable is copied before anything else, with the attributes it
// has on the host: what is read-only or noexec there stays so. A path that an earlier op makes is
// not there yet.
bool copy_target(ChildContext& child, const MountOp& op, int& source) {
    source = -1;
    const ChildFd path = open_target(child, op.target);
    if (!path) return child.error == ENOENT;
    source = copy_mount(child, path.get(), true).release();
    return source >= 0;
}

bool open_sources(ChildContext& child) {
    const auto mounts = child.plan.mounts;
    for (std::size_t index = 0; index < mounts.size(); ++index) {
        const MountOp& op = mounts.data()[index];
        int& source = child.plan.mount_sources[index];
        child.item = static_cast<std::int32_t>(index);
        child.object = LaunchReport::Object::source;
        switch (op.kind) {
        case MountOpKind::bind:
        case MountOpKind::device_node:
            if (!copy_source(child, op, source)) return false;
            break;
        case MountOpKind::inaccessible:
            if (op.source != nullptr && !open_source(child, op, source)) return false;
            break;
        case MountOpKind::read_write:
        case MountOpKind::exec:
            child.object = LaunchReport::Object::target;
            if (!copy_target(child, op, source)) return false;
            break;
        case MountOpKind::propagation:
        case MountOpKind::tmpfs:
        case MountOpKind::proc:
        case MountOpKind::devpts:
        case MountOpKind::mqueue:
        case MountOpKind::cgroup:
        case MountOpKind::directory:
        case MountOpKind::symlink:
        case MountOpKind::read_only:
        case MountOpKind::no_exec:
        case MountOpKind::change_root:
        case MountOpKind::change_propagation:
            break;
        }
    }
    return true;
}

// Before it the host's paths are looked up, with the rights of the host's root.
bool become_builder(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (!plan.builds_as_mapped) return true;
    const uid_t uid = plan.builder_uid;
    const gid_t gid = plan.builder_gid;
    return child.call(SYS_setresgid, gid, gid, gid) >= 0 &&
           child.call(SYS_setresuid, uid, uid, uid) >= 0;
}

// Slave: the host's own mounts and unmounts still arrive, ours do not leave.
bool begin_mounts(ChildContext& child) {
    if (child.call(SYS_mount, nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) < 0) return false;
    (void)child.call(SYS_umask, 0);
    return open_root(child) && open_sources(child) && become_builder(child);
}

bool mount_onto(ChildContext& child, const ChildFd& mount, const char* path) {
    if (!mount) return false;
    child.object = LaunchReport::Object::target;
    const ChildFd target = open_target(child, path);
    return target && attach_mount(child, mount, target.get());
}

bool mount_new(ChildContext& child, const MountOp& op, const NewFileSystem& wanted) {
    return mount_onto(child, make_file_system(child, wanted), op.target);
}

bool bind(ChildContext& child, const MountOp& op, int source) {
    child.object = LaunchReport::Object::source;
    const ChildFd copy{source};
    if (!change_attributes(child, copy.get(), op.attributes, 0)) return false;
    return mount_onto(child, copy, op.target);
}

bool make_empty_file(ChildContext& child, const char* path) {
    const TargetParent parent = open_target_parent(child, path);
    if (!parent.directory) return false;
    const ChildFd file{child.call(SYS_openat, parent.directory.get(), parent.name,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0)};
    return static_cast<bool>(file);
}

// Whatever stands at the host's path: only the device that was asked for gets in.
bool bind_device(ChildContext& child, const MountOp& op, int source) {
    child.object = LaunchReport::Object::source;
    struct stat status{};
    if (!get_status(child, source, status)) return false;
    if (!S_ISCHR(status.st_mode) || status.st_rdev != op.device) {
        return child.fail(SYS_fstat, ENODEV);
    }
    child.object = LaunchReport::Object::target;
    return make_empty_file(child, op.target) && bind(child, op, source);
}

bool make_directory(ChildContext& child, const MountOp& op) {
    const TargetParent parent = open_target_parent(child, op.target);
    if (!parent.directory) return false;
    const long result = child.call(SYS_mkdirat, parent.directory.get(), parent.name, op.mode);
    return result >= 0 || child.error == EEXIST;
}

bool make_symlink(ChildContext& child, const MountOp& op) {
    const TargetParent parent = open_target_parent(child, op.target);
    if (!parent.directory) return false;
    return child.call(SYS_symlinkat, op.source, parent.directory.get(), parent.name) >= 0;
}

bool change_in_place(ChildContext& child, const MountOp& op, std::uint64_t set,
                     std::uint64_t clear) {
    const ChildFd target = open_target(child, op.target);
    bool is_mounted = false;
    if (!target || !is_mount_point(child, target.get(), is_mounted)) return false;
    if (is_mounted) return change_attributes(child, target.get(), set, clear);
    const ChildFd copy = copy_mount(child, target.get(), true);
    return copy && change_attributes(child, copy.get(), set, clear) &&
           attach_mount(child, copy, target.get());
}

bool is_same_file(ChildContext& child, int one, int other, bool& result) {
    struct stat first{};
    struct stat second{};
    if (!get_status(child, one, first) || !get_status(child, other, second)) return false;
    result = first.st_dev == second.st_dev && first.st_ino == second.st_ino;
    return true;
}

// Takes `forbidden`, which an op with a shorter path has set, away from a path again.
bool restore(ChildContext& child, const MountOp& op, int copy, std::uint64_t forbidden) {
    const ChildFd target = open_target(child, op.target);
    if (!target) return false;
    bool is_of_host = false;
    if (copy >= 0 && !is_same_file(child, copy, target.get(), is_of_host)) return false;
    // What an earlier op has put there is ours, and nothing of the host's is widened.
    if (!is_of_host) return change_in_place(child, op, 0, forbidden);
    const ChildFd mount{copy};
    return change_attributes(child, mount.get(), op.attributes, 0) &&
           attach_mount(child, mount, target.get());
}

// A directory becomes an empty one, anything else an empty file, neither with any permission.
bool hide(ChildContext& child, const MountOp& op, int source) {
    const ChildFd target = open_target(child, op.target);
    struct stat status{};
    if (!target || !get_status(child, target.get(), status)) return false;
    const bool is_directory = S_ISDIR(status.st_mode);
    const ChildFd cover =
        is_directory
            ? make_file_system(
                  child,
                  {.type = "tmpfs", .mode = "0", .attributes = data_only | MOUNT_ATTR_RDONLY})
            : copy_mount(child, source, false);
    return cover && change_attributes(child, cover.get(), data_only | MOUNT_ATTR_RDONLY, 0) &&
           attach_mount(child, cover, target.get());
}

// pivot_root(2) does not know the initramfs, whose root cannot be moved away; there the new root
// is moved on top of it, and everything below is out of reach.
bool move_root(ChildContext& child) {
    return child.call(SYS_mount, ".", "/", nullptr, MS_MOVE, nullptr) >= 0 &&
           child.call(SYS_chroot, ".") >= 0;
}

// pivot_root(".", ".") puts the old root on top of the new one, from where it is taken away.
bool change_root(ChildContext& child) {
    if (child.call(SYS_fchdir, child.root) < 0) return false;
    if (child.call(SYS_pivot_root, ".", ".") >= 0) {
        if (child.call(SYS_umount2, ".", umount_detach) < 0) return false;
    } else if (child.error != EINVAL || !move_root(child)) {
        return false;
    }
    return child.call(SYS_chdir, "/") >= 0;
}

bool apply(ChildContext& child, const MountOp& op, int source) {
    switch (op.kind) {
    case MountOpKind::propagation:
        return begin_mounts(child);
    case MountOpKind::bind:
        return bind(child, op, source);
    case MountOpKind::tmpfs:
        return mount_new(child, op,
                         {.type = "tmpfs",
                          .options = op.source,
                          .mode = op.options,
                          .attributes = op.attributes | no_devices});
    case MountOpKind::proc:
        return mount_new(
            child, op,
            {.type = "proc", .options = op.options, .attributes = op.attributes | data_only});
    case MountOpKind::device_node:
        return bind_device(child, op, source);
    case MountOpKind::devpts:
        return mount_new(child, op,
                         {.type = "devpts",
                          .options = "ptmxmode=0666",
                          .mode = "0620",
                          .attributes = op.attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC});
    case MountOpKind::mqueue:
        return mount_new(child, op, {.type = "mqueue", .attributes = op.attributes | data_only});
    case MountOpKind::cgroup:
        return mount_new(child, op, {.type = "cgroup2", .attributes = op.attributes | data_only});
    case MountOpKind::directory:
        return make_directory(child, op);
    case MountOpKind::symlink:
        return make_symlink(child, op);
    case MountOpKind::read_only:
        return change_in_place(child, op, op.attributes | MOUNT_ATTR_RDONLY, 0);
    case MountOpKind::read_write:
        return restore(child, op, source, MOUNT_ATTR_RDONLY);
    case MountOpKind::no_exec:
        return change_in_place(child, op, op.attributes | MOUNT_ATTR_NOEXEC, 0);
    case MountOpKind::exec:
        return restore(child, op, source, MOUNT_ATTR_NOEXEC);
    case MountOpKind::inaccessible:
        return hide(child, op, source);
    case MountOpKind::change_root:
        return change_root(child);
    case MountOpKind::change_propagation:
        return child.call(SYS_mount, nullptr, "/", nullptr, op.attributes | MS_REC, nullptr) >= 0;
    }
    return child.fail(SYS_mount, EINVAL);
}

}  // namespace

bool set_up_mounts(ChildContext& child) {
    const auto mounts = child.plan.mounts;
    for (std::size_t index = 0; index < mounts.size(); ++index) {
        child.item = static_cast<std::int32_t>(index);
        child.object = LaunchReport::Object::target;
        if (!apply(child, mounts.data()[index], child.plan.mount_sources[index])) return false;
    }
    return true;
}

}  // namespace confinit
