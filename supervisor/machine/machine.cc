// SPDX-License-Identifier: Apache-2.0
// Machine: what we are the init of, and how it is made ready at boot.
#include "supervisor/machine/machine.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/name_table.h"
#include "base/text.h"
#include "kernel/hostname.h"
#include "supervisor/machine/pid_namespace.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr auto mode_names = make_name_table<Mode>({
    {Mode::machine, "machine"},
    {Mode::container, "container"},
    {Mode::process, "process"},
});

constexpr auto act_names = make_name_table<FinalAct>({
    {FinalAct::power_off, "power-off"},
    {FinalAct::reboot, "reboot"},
    {FinalAct::halt, "halt"},
    {FinalAct::exit, "exit"},
});

struct EarlyMount {
    const char* source;
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
};

// In this order: each may need the one before.
constexpr EarlyMount early_mounts[] = {
    {"proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr},
    {"sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr},
    {"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
    {"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666"},
    {"tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
    {"tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
    {"cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
     "nsdelegate,memory_recursiveprot"},
};

bool is_mount_point(const char* path) {
    struct statx status{};
    if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status) < 0) return false;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// The tree may have been mounted before us without the option that keeps a service in a cgroup
// namespace of its own from changing its own limits: cgroup-v2.rst, "nsdelegate".
Status settle_options(const EarlyMount& entry) {
    if (std::string_view{entry.type} != "cgroup2") return {};
    struct statfs status{};
    if (statfs(entry.target, &status) < 0) return errno_failure("statfs", entry.target);
    if (status.f_type != CGROUP2_SUPER_MAGIC) return {};
    if (mount(nullptr, entry.target, nullptr, MS_REMOUNT | entry.flags, entry.options) == 0) {
        return {};
    }
    return errno_failure("remount cgroup2 with nsdelegate on", entry.target);
}

Status mount_if_absent(const EarlyMount& entry) {
    if (is_mount_point(entry.target)) return settle_options(entry);
    TRY(make_directories(entry.target));
    if (mount(entry.source, entry.target, entry.type, entry.flags, entry.options) < 0) {
        return errno_failure(fmt::format("mount {} on", entry.type), entry.target);
    }
    return {};
}

struct DeviceLink {
    const char* path;
    const char* target;
};

// Shells and many programs take them for granted; devtmpfs has none of them.
constexpr DeviceLink device_links[] = {
    {"/dev/fd", "/proc/self/fd"},
    {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},
};

Status make_device_link(const DeviceLink& link) {
    if (symlink(link.target, link.path) == 0 || errno == EEXIST) return {};
    return errno_failure("symlink", link.path);
}

// lo gets 127.0.0.1 and ::1 from the kernel when it comes up: netdevice(7).
Status bring_loopback_up() {
    const Fd socket_fd{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    // A kernel without network has no loopback to bring up.
    if (!socket_fd) return {};
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) < 0) {
        return errno_failure("ioctl SIOCSIFFLAGS", "lo");
    }
    return {};
}

}  // namespace

std::string_view name(Mode mode) {
    return mode_names.name(mode);
}

std::string_view name(FinalAct act) {
    return act_names.name(act);
}

std::optional<FinalAct> act_of(std::string_view name) {
    return act_names.value(name);
}

Mode detect_mode() {
    if (getpid() != 1) return Mode::process;
    if (!is_in_first_pid_namespace()) return Mode::container;
    if (prctl(PR_CAPBSET_READ, 22 /* CAP_SYS_BOOT */, 0, 0, 0) != 1) return Mode::container;
    return Mode::machine;
}

std::vector<Error> prepare_machine(Mode mode) {
    std::vector<Error> errors;
    if (mode == Mode::machine) {
        for (const EarlyMount& entry : early_mounts) {
            if (auto done = mount_if_absent(entry); !done) errors.push_back(done.error());
        }
        for (const DeviceLink& link : device_links) {
            if (auto done = make_device_link(link); !done) errors.push_back(done.error());
        }
        if (auto done = take_host_name("/etc/hostname"); !done) errors.push_back(done.error());
        if (auto done = bring_loopback_up(); !done) errors.push_back(done.error());
    }
    if (mode != Mode::process) {
        umask(022);
        // The directory that we were started in would keep its file system busy.
        if (chdir("/") < 0) errors.push_back(system_error(errno, "chdir", "/"));
    }
    return errors;
}

std::string kernel_word(std::string_view word) {
    const std::string prefix = fmt::format("confinit.{}=", word);
    for (const std::string& candidate : kernel_words()) {
        if (candidate.starts_with(prefix)) return candidate.substr(prefix.size());
    }
    return {};
}

std::vector<std::string> kernel_words() {
    const auto line = find_file(AT_FDCWD, "/proc/cmdline");
    if (!line || !*line) return {};
    std::vector<std::string> words;
    for (const std::string_view word : split_words(**line)) {
        if (word.starts_with("confinit.")) words.emplace_back(word);
    }
    return words;
}

}  // namespace confinit
