// SPDX-License-Identifier: Apache-2.0
// An overlay of directories that have been opened already: overlayfs takes paths, and finds each
// layer by its descriptor in /proc/self/fd. Its own options are in
// Documentation/filesystems/overlayfs.rst of the kernel.
#include "launch/child/mount_parts.h"

#include <array>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace confinit {

namespace {

// An overlay forbids what the mount of a layer forbids. The bits of statfs(2) are those of
// mount_setattr(2).
constexpr std::uint64_t inherited = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// "lowerdir=11:12,upperdir=13,workdir=14"; what does not fit is left out and makes it invalid.
class Options {
public:
    void add(const char* text) {
        for (; *text != '\0' && size_ + 1 < text_.size(); ++text)
            text_.data()[size_++] = *text;
    }

    void add(int number) {
        std::array<char, 12> digits{};
        std::size_t first = digits.size() - 1;
        do {
            digits.data()[--first] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        add(digits.data() + first);
    }

    const char* get() const { return text_.data(); }

private:
    std::array<char, 512> text_{};
    std::size_t size_ = 0;
};

// The tmpfs that takes what is written, and its two directories.
struct MemoryLayer {
    ChildFd mount{-1};
    ChildFd upper{-1};
    ChildFd work{-1};
};

ChildFd make_and_open(ChildContext& child, int parent, const char* name, std::uint32_t mode) {
    if (child.call(SYS_mkdirat, parent, name, mode) < 0) return ChildFd{-1};
    return ChildFd{child.call(SYS_openat, parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

// overlayfs wants its layers in the tree of mounts. For the time of mounting the tmpfs lies on the
// target, where the overlay is going to be. The root of the overlay looks as the topmost layer's.
bool make_memory_layer(ChildContext& child, const MountOp& layer, int looks_like, int target,
                       MemoryLayer& memory) {
    struct stat status{};
    if (!get_status(child, looks_like, status)) return false;
    memory.mount = make_file_system(child, {.type = "tmpfs",
                                            .options = layer.source,
                                            .mode = "0755",
                                            .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV});
    if (!memory.mount || !attach_mount(child, memory.mount, target)) return false;
    memory.upper = make_and_open(child, memory.mount.get(), "upper", status.st_mode & 07777U);
    memory.work = make_and_open(child, memory.mount.get(), "work", 0700);
    if (!memory.upper || !memory.work) return false;
    // In a user namespace the owner may be one that it does not know.
    return child.plan.builds_as_mapped ||
           child.call(SYS_fchownat, memory.upper.get(), "", status.st_uid, status.st_gid,
                      AT_EMPTY_PATH) >= 0;
}

// The overlay goes on without its place in the tree.
bool take_away(ChildContext& child, const ChildFd& mount) {
    return !mount || (child.call(SYS_fchdir, mount.get()) >= 0 &&
                      child.call(SYS_umount2, ".", umount_detach) >= 0);
}

bool add_inherited(ChildContext& child, int layer, std::uint64_t& attributes) {
    struct statfs status{};
    if (child.call(SYS_fstatfs, layer, &status) < 0) return false;
    attributes |= static_cast<std::uint64_t>(status.f_flags) & inherited;
    return true;
}

}  // namespace

bool mount_overlay(ChildContext& child, std::size_t index) {
    const MountOp& op = child.plan.mounts.data()[index];
    const MountOp* layers = child.plan.mounts.data() + index - op.mode;
    const int* descriptors = child.plan.mount_sources + index - op.mode;
    const ChildFd target = open_target(child, op);
    if (!target || !is_below_root(child, target.get())) return false;

    Options options;
    MemoryLayer memory;
    std::uint64_t attributes = op.attributes;
    const char* separator = "lowerdir=";
    for (std::uint32_t i = 0; i < op.mode; ++i) {
        const MountOp& layer = layers[i];
        if (layer.mode == memory_layer) {
            if (!make_memory_layer(child, layer, descriptors[0], target.get(), memory))
                return false;
            options.add(",upperdir=");
            options.add(memory.upper.get());
            options.add(",workdir=");
            options.add(memory.work.get());
            continue;
        }
        if (!add_inherited(child, descriptors[i], attributes)) return false;
        options.add(layer.mode == upper_layer  ? ",upperdir="
                    : layer.mode == work_layer ? ",workdir="
                                               : separator);
        options.add(descriptors[i]);
        separator = ":";
    }
    if (op.options != nullptr) {
        options.add(",");
        options.add(op.options);
    }
    if (child.call(SYS_fchdir, child.own_descriptors) < 0) return false;
    const ChildFd overlay = make_file_system(
        child, {.type = "overlay", .options = options.get(), .attributes = attributes});
    return overlay && take_away(child, memory.mount) && child.call(SYS_fchdir, child.root) >= 0 &&
           attach_mount(child, overlay, target.get());
}

}  // namespace confinit
