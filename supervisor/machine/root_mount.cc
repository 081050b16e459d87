// SPDX-License-Identifier: Apache-2.0
// Root mount: what the process of a root switch does before PID 1 enters the root. It may wait.
#include "supervisor/machine/root_mount.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/hostname.h"
#include "supervisor/machine/root_device.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr const char* module_directory = "/usr/lib/confinit/modules";
constexpr const char* lower_root = "/sysroot-lower";
constexpr const char* upper_root = "/sysroot-upper";

struct MountOptions {
    unsigned long flags = MS_RDONLY;
    std::string data;  // what the file system itself reads
};

struct MountWord {
    std::string_view word;
    unsigned long set;
    unsigned long cleared;
};

// mount(8)'s words that are flags of mount(2).
constexpr MountWord mount_words[] = {
    {"ro", MS_RDONLY, 0},         {"rw", 0, MS_RDONLY},        {"nosuid", MS_NOSUID, 0},
    {"nodev", MS_NODEV, 0},       {"noexec", MS_NOEXEC, 0},    {"noatime", MS_NOATIME, 0},
    {"relatime", MS_RELATIME, 0}, {"sync", MS_SYNCHRONOUS, 0}, {"nodiratime", MS_NODIRATIME, 0},
};

bool take_mount_word(MountOptions& options, std::string_view word) {
    for (const MountWord& known : mount_words) {
        if (known.word != word) continue;
        options.flags = (options.flags | known.set) & ~known.cleared;
        return true;
    }
    return false;
}

MountOptions read_mount_options(const std::string& text) {
    MountOptions options;
    for (const std::string_view word : split(text, ',')) {
        if (word.empty() || take_mount_word(options, word)) continue;
        if (!options.data.empty()) options.data += ',';
        options.data += word;
    }
    return options;
}

// The builder of the initramfs has put them in the order in which they need one another.
Status load_modules() {
    if (!exists(module_directory)) return {};
    for (const std::string& name : TRY(list_directory(AT_FDCWD, module_directory))) {
        const std::string path = fmt::format("{}/{}", module_directory, name);
        const Fd file = TRY(open_at(AT_FDCWD, path, O_RDONLY));
        if (syscall(SYS_finit_module, file.get(), "", 0) < 0 && errno != EEXIST)
            return errno_failure("finit_module", path);
    }
    return {};
}

void pause_between_looks() {
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    (void)nanosleep(&pause, nullptr);
}

// Drivers find their devices some time after they are loaded.
Result<std::string> wait_for_device(const std::string& wanted, Clock::time_point until) {
    for (;;) {
        auto device = find_root_device(wanted);
        if (device || device.error().error != ENOENT || Clock::now() >= until) return device;
        pause_between_looks();
    }
}

// The kernel's list has "nodev" before each that is on no device: filesystems(5).
Result<std::vector<std::string>> file_system_types() {
    std::vector<std::string> types;
    const std::string list = TRY(read_file(AT_FDCWD, "/proc/filesystems"));
    for (const std::string_view line : split(list, '\n')) {
        if (!line.starts_with("nodev") && !trim(line).empty()) types.emplace_back(trim(line));
    }
    return types;
}

// Without a type each that the kernel has is tried; EINVAL says that the device has another one.
Status mount_device(const std::string& device, const RootOptions& root, const std::string& target) {
    const MountOptions options = read_mount_options(root.flags);
    std::vector<std::string> types{root.type};
    if (root.type.empty()) types = TRY(file_system_types());
    Error last = system_error(ENODEV, "mount", device);
    for (const std::string& type : types) {
        if (mount(device.c_str(), target.c_str(), type.c_str(), options.flags,
                  options.data.empty() ? nullptr : options.data.c_str()) == 0)
            return {};
        last = system_error(errno, fmt::format("mount {}", type), device);
        if (last.error != EINVAL) break;
    }
    if (root.type.empty() && last.error == EINVAL)
        last.advise("it has no file system that this kernel knows; a module may be missing");
    return std::unexpected(std::move(last));
}

Status mount_overlay(const std::string& lower) {
    TRY(make_directories(upper_root));
    if (mount("tmpfs", upper_root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return errno_failure("mount tmpfs", upper_root);
    for (const char* name : {"files", "work"})
        TRY(make_directories(fmt::format("{}/{}", upper_root, name)));
    const std::string data =
        fmt::format("lowerdir={},upperdir={}/files,workdir={}/work", lower, upper_root, upper_root);
    if (mount("overlay", early_root, "overlay", 0, data.c_str()) < 0) {
        Error error = system_error(errno, "mount overlay", early_root);
        if (error.error == ENODEV) error.advise("the initramfs lacks the module 'overlay'");
        return std::unexpected(std::move(error));
    }
    return {};
}

// A root without such a directory, and read-only, cannot take it.
Status move_kernel_file_systems() {
    for (const char* path : {"/dev", "/proc", "/sys", "/run"}) {
        const std::string target = std::string{early_root} + path;
        (void)mkdir(target.c_str(), 0755);
        if (mount(path, target.c_str(), nullptr, MS_MOVE, nullptr) < 0)
            return errno_failure("mount --move", target);
    }
    return {};
}

}  // namespace

Status prepare_root(const RootOptions& root, Clock::time_point until) {
    TRY(load_modules());
    const std::string device = TRY(wait_for_device(root.device, until));
    const std::string target = root.overlay ? lower_root : early_root;
    TRY(make_directories(early_root));
    TRY(make_directories(target));
    TRY(mount_device(device, root, target));
    if (root.overlay) TRY(mount_overlay(target));
    // A disk without a name of its own keeps that of the initramfs.
    (void)take_host_name(std::string{early_root} + "/etc/hostname");
    return move_kernel_file_systems();
}

}  // namespace confinit
