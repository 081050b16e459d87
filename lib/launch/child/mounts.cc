// SPDX-License-Identifier: Apache-2.0
// The child's mounts: the interpreter of the MountOps that the parent has put in order.
#include "launch/child/mount_parts.h"
#include "launch/child/separation.h"
#include "launch/child/steps.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

namespace confinit {

namespace {

constexpr std::uint64_t no_devices = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t data_only = no_devices | MOUNT_ATTR_NOEXEC;

// By what the kernel knows itself. A file system of a process is not asked, which may be gone,
// silent, or let nobody look in but its own user; it is a device without inode numbers then.
bool look_at(ChildContext& child, int fd, struct statx& status) {
    return child.call(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) >= 0;
}

// An op that makes a mount read-only or its attributes stricter works on whole mounts only.
bool is_mount_point(ChildContext& child, int fd, bool& result) {
    struct statx status{};
    if (!look_at(child, fd, status)) return false;
    result = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return true;
}

// Before it the host's paths are looked up, with the rights of the host's root.
bool become_builder(ChildContext& child) {
    const ChildPlan& plan = child.plan;
    if (!plan.builds_as_mapped) return true;
    const uid_t uid = plan.builder_uid;
    const gid_t gid = plan.builder_gid;
    return child.call(SYS_setresgid, gid, gid, gid) >= 0 &&
           child.call(SYS_setresuid, uid, uid, uid) >= 0 && forbid_tracing(child);
}

// Slave: the host's own mounts and unmounts still arrive, ours do not leave.
bool begin_mounts(ChildContext& child) {
    if (child.call(SYS_mount, nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) < 0) return false;
    (void)child.call(SYS_umask, 0);
    return open_root(child) && open_sources(child) && become_builder(child);
}

bool is_root(const MountOp& op) {
    const char* path = op.place != nullptr ? op.place : op.target;
    return path[0] == '/' && path[1] == '\0';
}

// Whatever comes after a mount on the root itself is found in that.
bool mount_onto(ChildContext& child, const ChildFd& mount, const MountOp& op,
                std::uint64_t flags = 0) {
    if (!mount) return false;
    child.object = LaunchReport::Object::target;
    const ChildFd target = open_target(child, op, flags);
    if (!target || !attach_mount(child, mount, target.get())) return false;
    if (op.inside != 0 || !is_root(op)) return true;
    child.root = static_cast<int>(child.call(SYS_fcntl, mount.get(), F_DUPFD_CLOEXEC, 0));
    return child.root >= 0;
}

bool mount_new(ChildContext& child, const MountOp& op, const NewFileSystem& wanted) {
    return mount_onto(child, make_file_system(child, wanted), op);
}

// Its descriptor is kept: what is made in it is found from there.
bool mount_tmpfs(ChildContext& child, const MountOp& op, int& kept) {
    ChildFd mount = make_file_system(child, {.type = "tmpfs",
                                             .options = op.source,
                                             .mode = op.options,
                                             .attributes = op.attributes | no_devices});
    if (!mount_onto(child, mount, op)) return false;
    kept = mount.release();
    return true;
}

// A link at the place itself leads nowhere, or it would not be the place: the mount lies over it.
bool bind(ChildContext& child, const MountOp& op, int source) {
    child.object = LaunchReport::Object::source;
    const ChildFd copy{source};
    if (!change_attributes(child, copy.get(), op.attributes, 0)) return false;
    if (op.inside != 0 && !make_mount_point(child, op, copy.get())) return false;
    return mount_onto(child, copy, op, op.place != nullptr ? O_NOFOLLOW : 0);
}

bool mount_proc(ChildContext& child, const MountOp& op) {
    if (child.procfs >= 0) return mount_onto(child, ChildFd{child.procfs}, op);
    return mount_new(
        child, op,
        {.type = "proc", .options = op.options, .attributes = op.attributes | data_only});
}

bool mount_message_queues(ChildContext& child, const MountOp& op, int source) {
    if (op.source != nullptr) return bind(child, op, source);
    return mount_new(child, op, {.type = "mqueue", .attributes = op.attributes | data_only});
}

// Whatever stands at the host's path: only the device that was asked for gets in.
bool bind_device(ChildContext& child, const MountOp& op, int source) {
    child.object = LaunchReport::Object::source;
    struct stat status{};
    if (!get_status(child, source, status)) return false;
    if (!S_ISCHR(status.st_mode) || status.st_rdev != op.device) {
        return child.refuse(ENXIO);
    }
    child.object = LaunchReport::Object::target;
    return make_empty_file(child, op) && bind(child, op, source);
}

bool change_in_place(ChildContext& child, const MountOp& op, std::uint64_t set,
                     std::uint64_t clear) {
    const ChildFd target = open_target(child, op);
    bool is_mounted = false;
    if (!target || !is_mount_point(child, target.get(), is_mounted)) return false;
    if (is_mounted) return change_attributes(child, target.get(), set, clear);
    const ChildFd copy = copy_mount(child, target.get(), true);
    return copy && change_attributes(child, copy.get(), set, clear) &&
           attach_mount(child, copy, target.get());
}

bool is_same_file(ChildContext& child, int one, int other, bool& result) {
    struct statx first{};
    struct statx second{};
    if (!look_at(child, one, first) || !look_at(child, other, second)) return false;
    result = first.stx_dev_major == second.stx_dev_major &&
             first.stx_dev_minor == second.stx_dev_minor && first.stx_ino == second.stx_ino;
    return true;
}

// Takes `forbidden`, which an op with a shorter path has set, away from a path again.
bool restore(ChildContext& child, const MountOp& op, int copy, std::uint64_t forbidden) {
    const ChildFd target = open_target(child, op);
    if (!target) return false;
    bool is_of_host = false;
    if (copy >= 0 && !is_same_file(child, copy, target.get(), is_of_host)) return false;
    // A mount that an earlier op has put there is ours, and nothing of the host's is widened; a
    // bind mount is the host's, so that within one nothing is left to guess.
    if (!is_of_host && op.source != nullptr) return child.refuse(ESTALE);
    if (!is_of_host) return change_in_place(child, op, 0, forbidden);
    const ChildFd mount{copy};
    return change_attributes(child, mount.get(), op.attributes, 0) &&
           attach_mount(child, mount, target.get());
}

}  // namespace

bool is_below_root(ChildContext& child, int target) {
    bool is_root = false;
    if (!is_same_file(child, target, child.root, is_root)) return false;
    return !is_root || child.refuse(EBUSY);
}

namespace {

// A directory becomes an empty one, anything else an empty file, neither with any permission.
bool hide(ChildContext& child, const MountOp& op, int source) {
    ChildFd target = open_target(child, op, O_DIRECTORY);
    const bool is_directory = static_cast<bool>(target);
    if (!is_directory && child.error == ENOTDIR) target = open_target(child, op);
    if (!target || !is_below_root(child, target.get())) return false;
    const ChildFd cover =
        is_directory
            ? make_file_system(
                  child,
                  {.type = "tmpfs", .mode = "0", .attributes = data_only | MOUNT_ATTR_RDONLY})
            : copy_mount(child, source, false);
    return cover && change_attributes(child, cover.get(), data_only | MOUNT_ATTR_RDONLY, 0) &&
           attach_mount(child, cover, target.get());
}

// The mount alone: what lies in it has been made, and mounted, by ops of its own.
bool seal(ChildContext& child, const MountOp& op) {
    const mount_attr attributes{
        .attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
    return child.call(SYS_mount_setattr, child.plan.mount_sources[op.inside], "", AT_EMPTY_PATH,
                      &attributes, sizeof attributes) >= 0;
}

// pivot_root(2) does not know the initramfs, whose root cannot be moved away; there the new root
// is moved on top of it, where a mount on the root itself is already, and everything below is out
// of reach.
bool move_root(ChildContext& child) {
    const bool is_on_top = child.plan.root == nullptr && child.plan.image_mount_point == nullptr;
    return (is_on_top || child.call(SYS_mount, ".", "/", nullptr, MS_MOVE, nullptr) >= 0) &&
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

bool apply(ChildContext& child, std::size_t index) {
    const MountOp& op = child.plan.mounts.data()[index];
    int& source = child.plan.mount_sources[index];
    switch (op.kind) {
    case MountOpKind::propagation:
        return begin_mounts(child);
    case MountOpKind::bind:
        return bind(child, op, source);
    case MountOpKind::tmpfs:
        return mount_tmpfs(child, op, source);
    case MountOpKind::proc:
        return mount_proc(child, op);
    case MountOpKind::device_node:
        return bind_device(child, op, source);
    case MountOpKind::devpts:
        return mount_new(child, op,
                         {.type = "devpts",
                          .options = "ptmxmode=0666",
                          .mode = "0620",
                          .attributes = op.attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC});
    case MountOpKind::mqueue:
        return mount_message_queues(child, op, source);
    case MountOpKind::cgroup:
        return mount_new(child, op, {.type = "cgroup2", .attributes = op.attributes | data_only});
    case MountOpKind::directory:
        return make_directory(child, op);
    case MountOpKind::symlink:
        return make_symlink(child, op);
    case MountOpKind::overlay_layer:
        return true;
    case MountOpKind::overlay:
        return mount_overlay(child, index);
    case MountOpKind::seal:
        return seal(child, op);
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

bool is_absent(ChildContext& child, const MountOp& op) {
    if (!op.may_be_absent) return false;
    const ChildFd target = open_target(child, op);
    return !target && child.error == ENOENT;
}

}  // namespace

bool get_status(ChildContext& child, int fd, struct stat& status) {
    return child.call(SYS_fstat, fd, &status) >= 0;
}

bool set_up_mounts(ChildContext& child) {
    for (std::size_t index = 0; index < child.plan.mounts.size(); ++index) {
        child.item = static_cast<std::int32_t>(index);
        child.object = LaunchReport::Object::target;
        if (is_absent(child, child.plan.mounts.data()[index])) continue;
        if (!apply(child, index)) return false;
    }
    return true;
}

}  // namespace confinit
