// SPDX-License-Identifier: Apache-2.0
// The limit that keeps the kernel from making a process: clone(2) says EAGAIN for all of them.
#include "launch/spawn/process_limits.h"

#include "base/file.h"
#include "base/text.h"
#include "kernel/proc_status.h"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace confinit {
namespace {

// The kernel gives numbers below this one to the first processes of a boot alone.
constexpr std::uint64_t reserved_numbers = 300;

std::optional<std::uint64_t> number_in(int at, const std::string& file) {
    const auto text = read_file(at, file, 4096);
    return text ? parse_unsigned(trim(*text)) : std::nullopt;
}

Error no_process(std::string key, std::string object, std::string hint) {
    return {.key = std::move(key),
            .object = std::move(object),
            .call = "clone3",
            .error = EAGAIN,
            .hint = std::move(hint)};
}

std::string path_of(const Fd& directory) {
    std::array<char, PATH_MAX> path{};
    const std::string link = fmt::format("/proc/self/fd/{}", directory.get());
    const ssize_t size = readlink(link.c_str(), path.data(), path.size());
    return {path.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

// The node itself, or the nearest one above it that is full. `key` is that of its own limit.
std::optional<Error> find_full_node(int node, std::string key) {
    auto level = open_at(node, ".", O_RDONLY | O_DIRECTORY);
    while (level) {
        const auto limit = number_in(level->get(), "pids.max");
        const auto present = number_in(level->get(), "pids.current");
        if (limit && present && *present >= *limit) {
            const std::string path = path_of(*level) + "/pids.max";
            return no_process(key, path,
                              fmt::format("it leaves no room for a process: {} of {} are there",
                                          *present, *limit));
        }
        // Each node but the root of the whole tree has this file.
        if (!read_file(level->get(), "cgroup.type", 64)) break;
        // The limit is not the unit's own.
        if (!key.empty()) key = "cgroup";
        level = open_at(level->get(), "..", O_RDONLY | O_DIRECTORY);
    }
    return std::nullopt;
}

// The one that the supervisor and its helpers are in.
std::optional<Error> find_full_own_node() {
    const auto process = open_at(AT_FDCWD, "/proc/self", O_RDONLY | O_DIRECTORY);
    if (!process) return std::nullopt;
    const auto path = read_cgroup_path(*process);
    if (!path) return std::nullopt;
    const auto node = open_at(AT_FDCWD, "/sys/fs/cgroup" + *path, O_RDONLY | O_DIRECTORY);
    return node ? find_full_node(node->get(), "") : std::nullopt;
}

// "0.00 0.01 0.05 1/92 1234": as proc(5) has it, the threads of the machine are after the slash.
std::optional<std::uint64_t> count_threads() {
    const auto text = read_file(AT_FDCWD, "/proc/loadavg", 4096);
    const std::size_t slash = text ? text->find('/') : std::string::npos;
    if (slash == std::string::npos) return std::nullopt;
    const std::string_view rest = std::string_view{*text}.substr(slash + 1);
    return parse_unsigned(rest.substr(0, rest.find(' ')));
}

std::optional<Error> find_limit_of_machine() {
    const auto threads = count_threads();
    const auto most_threads = number_in(AT_FDCWD, "/proc/sys/kernel/threads-max");
    if (threads && most_threads && *threads >= *most_threads) {
        return no_process("", "kernel.threads-max",
                          fmt::format("the machine may have {} threads and has {}; sysctl "
                                      "kernel.threads-max raises it",
                                      *most_threads, *threads));
    }
    const auto most_numbers = number_in(AT_FDCWD, "/proc/sys/kernel/pid_max");
    if (threads && most_numbers && *threads + reserved_numbers >= *most_numbers) {
        return no_process("", "kernel.pid_max",
                          fmt::format("no number is free for a process: there are {}, of which the "
                                      "first {} are used once only; sysctl kernel.pid_max raises "
                                      "it",
                                      *most_numbers, reserved_numbers));
    }
    return std::nullopt;
}

// The kernel excepts root.
std::optional<Error> find_limit_of_user() {
    rlimit limit{};
    const bool holds =
        geteuid() != 0 && getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    if (!holds) return std::nullopt;
    return no_process("", "RLIMIT_NPROC",
                      fmt::format("the supervisor's user {} may have {} processes: raise it with "
                                  "`ulimit -u` before the supervisor starts",
                                  geteuid(), limit.rlim_cur));
}

}  // namespace

Error explain_no_process(int node) {
    auto full = node >= 0 ? find_full_node(node, "cgroup.pids.max") : find_full_own_node();
    if (full) return std::move(*full);
    if (auto limit = find_limit_of_machine()) return std::move(*limit);
    if (auto limit = find_limit_of_user()) return std::move(*limit);
    return no_process(node >= 0 ? "cgroup.pids.max" : "", "",
                      "a limit of processes was met that has room again: pids.max of the node or "
                      "of one above it, RLIMIT_NPROC, kernel.threads-max or kernel.pid_max");
}

}  // namespace confinit
