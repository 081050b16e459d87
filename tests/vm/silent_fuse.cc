// SPDX-License-Identifier: Apache-2.0
// A file system that never answers, over raw /dev/fuse: whoever looks at a file of it sleeps, and
// after SIGKILL sleeps uninterruptibly, because the server has read the request already.
//
//   silent-fuse MOUNTPOINT          mounts it and serves it silently, until it is killed
//   silent-fuse MOUNTPOINT hang     looks at a file of it itself as well: the process holds the
//                                   file system's last descriptor, so that only an abort from
//                                   outside (umount -f, /sys/fs/fuse/connections) wakes it
//   silent-fuse MOUNTPOINT alone    lets nobody look but its user, nobody: not even root
//
// It says "mounted" on standard output when others may look, and "silent" when a request was read
// that will never be answered.
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

// The kernel refuses a buffer that is smaller than FUSE_MIN_READ_BUFFER.
alignas(fuse_in_header) std::array<char, 1 << 17> buffer;

[[noreturn]] void give_up(const char* what) {
    (void)std::fprintf(stderr, "silent-fuse: %s: %s\n", what, std::strerror(errno));
    std::exit(EXIT_FAILURE);
}

void say(const char* word) {
    (void)std::puts(word);
    (void)std::fflush(stdout);
}

// Answers the kernel's greeting, the only request that is answered.
void answer_init(int device) {
    if (read(device, buffer.data(), buffer.size()) < 0) give_up("read FUSE_INIT");
    fuse_in_header asked;
    std::memcpy(&asked, buffer.data(), sizeof asked);
    struct {
        fuse_out_header header;
        fuse_init_out body;
    } reply{};
    reply.header.len = sizeof reply;
    reply.header.unique = asked.unique;
    reply.body.major = FUSE_KERNEL_VERSION;
    reply.body.minor = FUSE_KERNEL_MINOR_VERSION;
    reply.body.max_write = 4096;
    if (write(device, &reply, sizeof reply) < 0) give_up("write FUSE_INIT");
}

[[noreturn]] void serve_silently(int device) {
    for (;;) {
        if (read(device, buffer.data(), buffer.size()) >= 0) {
            say("silent");
        } else if (errno == ENODEV) {
            std::exit(EXIT_SUCCESS);
        } else if (errno != EINTR && errno != ENOENT) {
            give_up("read");
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    const bool hangs = count == 3 && std::strcmp(arguments[2], "hang") == 0;
    const bool is_alone = count == 3 && std::strcmp(arguments[2], "alone") == 0;
    if (count != 2 && !hangs && !is_alone) {
        (void)std::fputs("usage: silent-fuse MOUNTPOINT [hang | alone]\n", stderr);
        return EXIT_FAILURE;
    }
    const std::string directory = arguments[1];
    const int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0) give_up("/dev/fuse");
    const std::string options = "fd=" + std::to_string(device) +
                                (is_alone ? ",rootmode=40000,user_id=65534,group_id=65534"
                                          : ",rootmode=40000,user_id=0,group_id=0,allow_other");
    if (mount("silent", directory.c_str(), "fuse.silent", MS_NOSUID | MS_NODEV, options.c_str()) <
        0) {
        give_up("mount");
    }
    answer_init(device);
    say("mounted");
    if (!hangs) serve_silently(device);

    const pid_t looker = fork();
    if (looker < 0) give_up("fork");
    if (looker > 0) serve_silently(device);
    struct stat status{};
    (void)stat((directory + "/file").c_str(), &status);
    return EXIT_SUCCESS;
}
