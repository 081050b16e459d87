// SPDX-License-Identifier: Apache-2.0
// Procfs: files of /proc that are certainly the kernel's.
#include "kernel/procfs.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace confinit {
namespace {

// That "self" is us tells it from a part of a procfs, and from that of another pid namespace.
Result<Fd> open_checked_procfs() {
    Fd root = TRY(open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY));
    struct statfs file_system{};
    if (fstatfs(root.get(), &file_system) < 0) return errno_failure("fstatfs", "/proc");
    if (file_system.f_type != PROC_SUPER_MAGIC) return failure("'/proc' is no procfs");
    std::array<char, 24> self{};
    const ssize_t size = readlinkat(root.get(), "self", self.data(), self.size());
    const std::string_view pid{self.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    if (parse_unsigned(pid) == static_cast<std::uint64_t>(getpid())) return root;
    return failure("'/proc' is the procfs of another pid namespace, or a part of one");
}

// The one that this process has found.
struct KnownProcfs {
    pid_t process = 0;
    Fd root;
};

KnownProcfs& known_procfs() {
    static KnownProcfs known;
    return known;
}

}  // namespace

void forget_procfs() {
    known_procfs() = {};
}

// It is looked for once: nothing that is mounted on /proc later stands before a descriptor.
Result<Fd> open_procfs() {
    KnownProcfs& known = known_procfs();
    if (known.process != getpid()) {
        // A copy of this process may be in another pid namespace, and may have closed the
        // descriptor: its number is another one's then.
        (void)known.root.release();
        known.process = 0;
        known.root = TRY(open_checked_procfs());
        known.process = getpid();
    }
    return duplicate(known.root);
}

Result<Fd> open_in_procfs(const Fd& directory, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
    Fd fd{static_cast<int>(syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how))};
    if (!fd) return errno_failure("open", path);
    return fd;
}

Result<std::string> read_in_procfs(const Fd& directory, const std::string& path,
                                   std::size_t limit) {
    const Fd fd = TRY(open_in_procfs(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    return read_all(fd, path, limit);
}

Status write_in_procfs(const Fd& directory, const std::string& path, std::string_view text) {
    const Fd fd = TRY(open_in_procfs(directory, path, O_WRONLY | O_NOCTTY));
    const ssize_t count = write(fd.get(), text.data(), text.size());
    if (count < 0) return errno_failure("write", path);
    if (static_cast<std::size_t>(count) != text.size()) return failure("write '" + path + "': cut");
    return {};
}

// Read name by name, so that a machine with more processes costs no more.
Result<std::vector<pid_t>> list_processes(const Fd& procfs, std::size_t most) {
    Fd own = TRY(open_in_procfs(procfs, ".", O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{fdopendir(own.get()), closedir};
    if (!directory) return errno_failure("fdopendir", "/proc");
    (void)own.release();
    std::vector<pid_t> processes;
    errno = 0;
    while (const dirent* entry = readdir(directory.get())) {
        const auto number = parse_unsigned(entry->d_name);
        if (!number) continue;
        if (processes.size() == most) return failure("there are too many processes");
        processes.push_back(static_cast<pid_t>(*number));
        errno = 0;
    }
    if (errno != 0) return errno_failure("readdir", "/proc");
    if (std::ranges::find(processes, getpid()) == processes.end()) {
        return failure("/proc does not show all processes");
    }
    return processes;
}

Result<std::vector<pid_t>> list_processes() {
    return list_processes(TRY(open_procfs()), std::numeric_limits<std::size_t>::max());
}

}  // namespace confinit
