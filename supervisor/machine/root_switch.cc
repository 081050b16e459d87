// SPDX-License-Identifier: Apache-2.0
// Root switch: the initramfs gives way to a disk, before anything is started.
#include "supervisor/machine/root_switch.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/packed_error.h"
#include "kernel/clone.h"
#include "supervisor/machine/root_mount.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::chrono::seconds longest_switch{60};
// The device may be late; the mount itself has the rest.
constexpr std::chrono::seconds longest_look{30};
constexpr std::size_t largest_helper = std::size_t{16} << 20;
constexpr std::size_t longest_answer = 4096;

// PID 1 reads its helper programs from memory, as itself.
Status keep_helper(std::string& path, const std::string& runtime_directory) {
    const std::string directory = runtime_directory + "/helpers";
    TRY(make_directories(directory));
    const std::string copy = directory + path.substr(path.rfind('/'));
    const std::string program = TRY(read_file(AT_FDCWD, path, largest_helper));
    const Fd file = TRY(open_at(AT_FDCWD, copy, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    TRY(write_all(file, copy, program));
    path = copy;
    return {};
}

// The process that may wait tells of a failure by the pipe, and says nothing when all is done.
[[noreturn]] void run_errand(const RootOptions& root, const Fd& answer) {
    const Status done = prepare_root(root, Clock::now() + longest_look);
    if (!done) (void)write_all(answer, "pipe", pack(done.error()));
    _exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
}

std::unexpected<Error> give_up_errand(const Process& errand, const RootOptions& root) {
    (void)errand.signal(SIGKILL);
    Error error = system_error(ETIMEDOUT, "mount", root.device);
    error.advise("the disk does not answer");
    return std::unexpected(std::move(error));
}

// A process that does not end on SIGKILL is left behind: nothing of PID 1 waits for it.
Result<std::string> read_answer(const Fd& answer, const Process& errand, const RootOptions& root) {
    const auto until = Clock::now() + longest_switch;
    std::string bytes;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        pollfd watched{.fd = answer.get(), .events = POLLIN, .revents = 0};
        const int ready =
            poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return give_up_errand(errand, root);
        char buffer[longest_answer];
        const ssize_t count = read(answer.get(), buffer, sizeof buffer);
        if (count <= 0) break;
        bytes.append(buffer, static_cast<std::size_t>(count));
    }
    return bytes;
}

Status do_errand(const RootOptions& root) {
    auto [answer, told] = TRY(make_pipe());
    const Process errand = TRY(clone_process(CloneMethod::clone_then_move));
    if (errand.pid() == 0) run_errand(root, told);
    told.reset();
    const std::string bytes = TRY(read_answer(answer, errand, root));
    if (!bytes.empty()) return std::unexpected(unpack_error(bytes));
    // It has closed the pipe by its end, so that there is nothing to wait for.
    const siginfo_t end = TRY(errand.wait());
    if (end.si_code == CLD_EXITED && end.si_status == EXIT_SUCCESS) return {};
    return failure("the process that mounts it has been killed");
}

// All below a directory that lies on its file system.
void remove_below(int directory, dev_t file_system) {
    DIR* entries = fdopendir(directory);
    if (entries == nullptr) return;
    while (const dirent* entry = readdir(entries)) {
        const std::string_view name = entry->d_name;
        struct stat status{};
        if (name == "." || name == "..") continue;
        if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
        if (status.st_dev != file_system) continue;
        if (S_ISDIR(status.st_mode)) {
            const int below = openat(dirfd(entries), entry->d_name,
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (below >= 0) remove_below(below, file_system);
        }
        (void)unlinkat(dirfd(entries), entry->d_name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
    }
    (void)closedir(entries);
}

// The memory of the initramfs is free again; what PID 1 runs of it stays until PID 1 ends.
void remove_initramfs(Fd old_root) {
    struct stat status{};
    if (fstat(old_root.get(), &status) == 0) remove_below(old_root.release(), status.st_dev);
}

// The root of a mount is in memory for as long as it is mounted, so that no disk is asked here.
Status enter_root() {
    Fd old_root = TRY(open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
    if (chdir(early_root) < 0) return errno_failure("chdir", early_root);
    if (mount(".", "/", nullptr, MS_MOVE, nullptr) < 0) return errno_failure("mount --move", "/");
    if (chroot(".") < 0) return errno_failure("chroot", early_root);
    if (chdir("/") < 0) return errno_failure("chdir", "/");
    remove_initramfs(std::move(old_root));
    return {};
}

}  // namespace

bool is_initramfs() {
    struct statfs status{};
    if (statfs("/", &status) < 0) return false;
    return status.f_type == RAMFS_MAGIC || status.f_type == TMPFS_MAGIC;
}

Status switch_root(const RootOptions& root, Options& options) {
    const auto named = [](Status done) {
        if (!done) done.error().key = "confinit.root";
        return done;
    };
    for (std::string* helper : {&options.reaper, &options.launcher})
        TRY(named(keep_helper(*helper, options.runtime_directory)));
    TRY(named(do_errand(root)));
    return named(enter_root());
}

}  // namespace confinit
