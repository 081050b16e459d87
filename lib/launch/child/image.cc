// SPDX-License-Identifier: Apache-2.0
// The preparer's root image: a file with a file system, by a loop device that goes with its mount.
#include "launch/child/mount_calls.h"
#include "launch/child/preparation.h"

#include <array>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>

namespace confinit {

namespace {

// Others look for a free device at the same time.
constexpr int loop_tries = 64;
constexpr unsigned loop_major = 7;      // Documentation/admin-guide/devices.txt of the kernel
constexpr unsigned control_major = 10;  // likewise, of /dev/loop-control
constexpr unsigned control_minor = 237;

// Where a file system says what it is.
struct Magic {
    const char* type;
    std::size_t offset;
    std::array<unsigned char, 4> bytes;
    std::size_t size;
};
constexpr std::array magics{
    Magic{"squashfs", 0, {'h', 's', 'q', 's'}, 4},
    Magic{"erofs", 1024, {0xe2, 0xe1, 0xf5, 0xe0}, 4},
    Magic{"ext4", 1024 + 0x38, {0x53, 0xef, 0, 0}, 2},
};

// makedev(3) for numbers below 2^20, without libc.
std::uint64_t device_number(unsigned major, unsigned minor) {
    return std::uint64_t{major} << 8 | (minor & 0xffU) | std::uint64_t{minor & ~0xffU} << 12;
}

const char* detect_type(ChildContext& child, int file) {
    std::array<unsigned char, 2048> head{};
    if (child.call(SYS_pread64, file, head.data(), head.size(), 0) < 0) return nullptr;
    for (const Magic& magic : magics) {
        if (__builtin_memcmp(head.data() + magic.offset, magic.bytes.data(), magic.size) == 0) {
            return magic.type;
        }
    }
    (void)child.refuse(EMEDIUMTYPE);
    return nullptr;
}

// A device of the host's is what its name says, or nothing is asked of it.
ChildFd open_device(ChildContext& child, const char* path, std::uint32_t type, std::uint64_t number,
                    std::uint64_t flags) {
    ChildFd device = open_path(child, AT_FDCWD, path, flags | O_NOFOLLOW, RESOLVE_NO_MAGICLINKS);
    if (!device) return device;
    struct stat status{};
    if (child.call(SYS_fstat, device.get(), &status) < 0) return ChildFd{-1};
    if ((status.st_mode & S_IFMT) == type && status.st_rdev == number) return device;
    (void)child.refuse(ENODEV);
    return ChildFd{-1};
}

// The kernel frees the device when its last user, the mount, is gone. The name is for losetup(8).
bool configure_loop(ChildContext& child, int device, int file, const char* name) {
    loop_config configuration{};
    auto& shown = configuration.info.lo_file_name;
    for (std::size_t i = 0; name[i] != '\0' && i + 1 < sizeof shown; ++i)
        shown[i] = static_cast<__u8>(name[i]);
    configuration.fd = static_cast<__u32>(file);
    configuration.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    return child.call(SYS_ioctl, device, LOOP_CONFIGURE, &configuration) >= 0;
}

bool mount_device(ChildContext& child, const char* type, const NumberedName& path) {
    child.image = make_file_system(child, {.type = type,
                                           .source = path.text,
                                           .options = "ro",
                                           .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV})
                      .release();
    return child.image >= 0;
}

}  // namespace

bool mount_image(ChildContext& child, const Preparation& image) {
    const ChildFd file =
        open_path(child, AT_FDCWD, image.path, O_RDONLY | O_NONBLOCK, RESOLVE_NO_MAGICLINKS);
    struct stat status{};
    if (!file || child.call(SYS_fstat, file.get(), &status) < 0) return false;
    if (!S_ISREG(status.st_mode)) return child.refuse(EMEDIUMTYPE);
    const char* type = detect_type(child, file.get());
    if (type == nullptr) return false;

    const ChildFd control = open_device(child, "/dev/loop-control", S_IFCHR,
                                        device_number(control_major, control_minor), O_RDWR);
    if (!control) return false;
    for (int tries = 0; tries < loop_tries; ++tries) {
        const long number = child.call(SYS_ioctl, control.get(), LOOP_CTL_GET_FREE, 0);
        if (number < 0) return false;
        const NumberedName path{"/dev/loop", number};
        const ChildFd device =
            open_device(child, path.text, S_IFBLK,
                        device_number(loop_major, static_cast<unsigned>(number)), O_RDONLY);
        if (!device) return false;
        if (configure_loop(child, device.get(), file.get(), image.path)) {
            return mount_device(child, type, path);
        }
        if (child.error != EBUSY) return false;
    }
    return false;
}

}  // namespace confinit
