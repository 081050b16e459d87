// SPDX-License-Identifier: Apache-2.0
// An automount that nobody serves: whoever walks into it waits for an answer that never comes.
//
//   silent-autofs MOUNTPOINT
//
// It says "mounted" on standard output, and "silent" when somebody waits. When it is killed, they
// go on with an error.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(EXIT_FAILURE);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        (void)std::fputs("usage: silent-autofs MOUNTPOINT\n", stderr);
        return EXIT_FAILURE;
    }
    // The kernel lets a process of this group pass; nobody else may be in it.
    if (setpgid(0, 0) < 0 && getpgrp() != getpid()) give_up("setpgid");
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) < 0) give_up("pipe");
    const std::string options = "fd=" + std::to_string(ends[1]) +
                                ",pgrp=" + std::to_string(getpgrp()) +
                                ",minproto=5,maxproto=5,direct";
    if (mount("silent", arguments[1], "autofs", 0, options.c_str()) < 0) give_up("mount");
    (void)close(ends[1]);
    for (const char* word = "mounted";; word = "silent") {
        (void)std::puts(word);
        (void)std::fflush(stdout);
        std::array<char, 4096> request;
        if (read(ends[0], request.data(), request.size()) <= 0) return EXIT_SUCCESS;
    }
}
