// SPDX-License-Identifier: Apache-2.0
// Probe: what the running kernel offers of all that confinement is built on.
#include "kernel/probe.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "kernel/mount_table.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <optional>
#include <string_view>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

std::optional<std::string> read_text(const std::string& path) {
    auto text = read_file(AT_FDCWD, path);
    if (!text) return std::nullopt;
    return std::string{trim(*text)};
}

std::string in_one_line(std::string_view text) {
    std::string line;
    for (const std::string_view word : split_words(text)) {
        if (!line.empty()) line += ' ';
        line += word;
    }
    return line;
}

std::string errno_detail(int error) {
    return std::string{errno_name(error)} + ", " + std::string{errno_text(error)};
}

const Mount* find_cgroup_mount(const MountTable& table) {
    const auto& mounts = table.mounts();
    const auto found = std::ranges::find(mounts, std::string_view{"cgroup2"}, &Mount::type);
    return found == mounts.end() ? nullptr : &*found;
}

// A node that is not the root; only such a one has all files.
std::optional<std::string> find_node(const std::string& root) {
    const auto names = list_directory(AT_FDCWD, root);
    if (!names) return std::nullopt;
    for (const std::string& name : *names) {
        std::string path = root;
        path.append("/").append(name);
        if (exists(path + "/cgroup.procs")) return path;
    }
    return std::nullopt;
}

void probe_cgroup(std::vector<Feature>& features) {
    const auto table = MountTable::read_own();
    const Mount* mount = table ? find_cgroup_mount(*table) : nullptr;
    if (mount == nullptr) {
        features.push_back({"cgroup2", false, "no cgroup2 file system is mounted"});
        return;
    }
    const auto controllers = read_text(mount->target + "/cgroup.controllers");
    const std::string words = controllers ? *controllers : std::string{};
    features.push_back({"cgroup2", true, "mounted at " + mount->target});
    features.push_back({"cgroup2.controllers", !words.empty(), words.empty() ? "none" : words});
    for (const std::string_view file : {"cgroup.kill", "cgroup.freeze"}) {
        const auto node = find_node(mount->target);
        const std::string path = node ? *node + "/" + std::string{file} : std::string{};
        const bool is_there = node && exists(path);
        features.push_back({std::string{file}, is_there,
                            !node      ? "there is no node yet that could show it"
                            : is_there ? "seen in " + *node
                                       : "not in " + *node});
    }
}

// The descriptor is one that cannot be open, so that a kernel that knows the flag says EBADF
// before any process is made; an older one says E2BIG or EINVAL.
Feature probe_clone_into_cgroup() {
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.cgroup = INT_MAX;
    const long result = syscall(SYS_clone3, &arguments, sizeof arguments);
    const int error = errno;
    if (result == 0) _exit(0);
    if (result < 0 && error == EBADF) return {"clone3.into_cgroup", true, "clone3(2)"};
    return {"clone3.into_cgroup", false, errno_detail(error)};
}

Feature probe_openat2() {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const Fd fd{static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how))};
    if (fd) return {"openat2", true, "openat2(2), RESOLVE_IN_ROOT"};
    return {"openat2", false, errno_detail(errno)};
}

// An attribute block of size 0 is EINVAL for a kernel that has the call.
Feature probe_mount_setattr() {
    (void)syscall(SYS_mount_setattr, -1, "", 0, nullptr, 0);
    if (errno == EINVAL) return {"mount_setattr", true, "mount_setattr(2)"};
    return {"mount_setattr", false, errno_detail(errno)};
}

Feature probe_landlock() {
    const long version =
        syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version > 0) return {"landlock", true, "ABI " + std::to_string(version)};
    return {"landlock", false, errno_detail(errno)};
}

Feature probe_namespace(const std::string& link, const std::string& limit) {
    Feature feature{"namespace." + limit, false, "/proc/self/ns has no '" + link + "'"};
    if (!exists("/proc/self/ns/" + link)) return feature;
    const auto most = read_text("/proc/sys/user/max_" + limit + "_namespaces");
    feature.available = !most || *most != "0";
    feature.detail = most ? "user.max_" + limit + "_namespaces = " + *most : "no limit is shown";
    return feature;
}

void probe_namespaces(std::vector<Feature>& features) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> rows{{
        {"mnt", "mnt"},
        {"pid", "pid"},
        {"net", "net"},
        {"ipc", "ipc"},
        {"uts", "uts"},
        {"cgroup", "cgroup"},
        {"user", "user"},
        {"time", "time"},
    }};
    for (const auto& [link, limit] : rows) {
        features.push_back(probe_namespace(std::string{link}, std::string{limit}));
    }
}

Feature probe_seccomp() {
    const auto actions = read_text("/proc/sys/kernel/seccomp/actions_avail");
    if (!actions) return {"seccomp", false, "/proc/sys/kernel/seccomp is not there"};
    return {"seccomp", true, "actions: " + in_one_line(*actions)};
}

// The module of a file system that can be loaded, or nothing. The kernel itself would answer only
// by loading it, which a question must not do.
std::string find_module(const std::string& file_system) {
    utsname names{};
    if (uname(&names) < 0) return {};
    constexpr std::size_t longest_list = std::size_t{4} << 20;
    const auto list = read_file(
        AT_FDCWD, "/lib/modules/" + std::string{names.release} + "/modules.dep", longest_list);
    if (!list) return {};
    // "kernel/fs/overlayfs/overlay.ko.xz: DEPENDENCIES"
    for (const std::string_view line : split(*list, '\n')) {
        const std::string_view path = line.substr(0, line.find(':'));
        const std::string_view file = path.substr(path.rfind('/') + 1);
        if (file.substr(0, file.find('.')) == file_system) return std::string{file};
    }
    return {};
}

Feature probe_file_system(const std::string& name) {
    const std::string feature_name = "filesystem." + name;
    const auto text = read_text("/proc/filesystems");
    if (!text) return {feature_name, false, "/proc/filesystems is not there"};
    for (const std::string_view line : split(*text, '\n')) {
        const auto words = split_words(line);
        if (!words.empty() && words.back() == name) return {feature_name, true, "registered"};
    }
    const std::string module = find_module(name);
    if (module.empty()) return {feature_name, false, "not registered, and no module has it"};
    if (read_text("/proc/sys/kernel/modules_disabled") == "1") {
        return {feature_name, false, "not loaded, and kernel.modules_disabled forbids to load it"};
    }
    return {feature_name, true, "not loaded yet, a launch loads " + module};
}

// Looking a device up loads nothing: where it is absent, so is the driver.
Feature probe_loop() {
    if (!exists("/dev/loop-control")) {
        return {"loop", false, "no /dev/loop-control; the module 'loop' may not be loaded"};
    }
    return {"loop", true, "/dev/loop-control"};
}

Feature probe_apparmor() {
    const auto enabled = read_text("/sys/module/apparmor/parameters/enabled");
    if (!enabled) return {"apparmor", false, "not built in"};
    return {"apparmor", *enabled == "Y", *enabled == "Y" ? "enabled" : "not enabled at boot"};
}

}  // namespace

std::uint64_t memory_total() {
    struct sysinfo info{};
    if (sysinfo(&info) < 0) return 0;
    return static_cast<std::uint64_t>(info.totalram) * info.mem_unit;
}

std::uint64_t swap_total() {
    struct sysinfo info{};
    if (sysinfo(&info) < 0) return 0;
    return static_cast<std::uint64_t>(info.totalswap) * info.mem_unit;
}

std::vector<Feature> probe_kernel() {
    std::vector<Feature> features;
    probe_cgroup(features);
    features.push_back(probe_clone_into_cgroup());
    probe_namespaces(features);
    features.push_back(probe_seccomp());
    features.push_back(probe_landlock());
    features.push_back(probe_openat2());
    features.push_back(probe_mount_setattr());
    for (const char* name :
         {"tmpfs", "proc", "devpts", "mqueue", "overlay", "squashfs", "erofs", "ext4"}) {
        features.push_back(probe_file_system(name));
    }
    features.push_back(probe_loop());
    features.push_back(probe_apparmor());
    return features;
}

}  // namespace confinit
