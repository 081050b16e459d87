// SPDX-License-Identifier: Apache-2.0
// What /proc shows of one process: ids, capabilities, filters, limits, namespaces, cgroup.
//
// Formats: proc(5). Everything is read below one descriptor of /proc/PID, so that all of it is of
// the same process; after that one has ended each read fails with ESRCH. No file that is read here
// waits for the process.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "kernel/capability_set.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace confinit {

// The real, effective, saved and file system id, in this order.
using FourIds = std::array<std::uint32_t, 4>;

// Ids are those of the reader's user namespace: an id that is not mapped there is 65534.
struct ProcessStatus {
    FourIds uid{};
    FourIds gid{};
    std::vector<std::uint32_t> groups;  // the supplementary ones, sorted
    CapabilitySets capabilities;
    bool no_new_privs = false;
    int seccomp_mode = 0;  // 0 none, 1 strict, 2 filter
    unsigned seccomp_filters = 0;
    mode_t umask = 0;
    std::vector<pid_t> ns_pids;  // the pid in each namespace, the reader's first
};

// One line of /proc/PID/limits.
struct ProcessLimit {
    int resource = 0;        // RLIMIT_ of getrlimit(2)
    std::uint64_t soft = 0;  // ~0 is RLIM_INFINITY
    std::uint64_t hard = 0;
};

// /proc/PID of a process, or of the caller itself.
Result<Fd> open_process(pid_t pid);
Result<Fd> open_own_process();

Result<ProcessStatus> read_process_status(const Fd& process);
Result<std::vector<ProcessLimit>> read_process_limits(const Fd& process);
Result<int> read_oom_score_adj(const Fd& process);
Result<int> read_nice(const Fd& process);
// 0 where our pid namespace does not have the parent.
Result<pid_t> read_parent(const Fd& process);

// The link of a namespace, "mnt:[4026531832]". `name` is that of the file below /proc/PID/ns: mnt,
// pid, net, ipc, uts, cgroup, user, time. Needs the right to trace the process: namespaces(7).
Result<std::string> read_namespace(const Fd& process, std::string_view name);

// Whether it goes on running: it has not ended, is not ending, and no SIGKILL waits for it.
bool is_alive(const Fd& process);

// A thread of a process, by its directory of /proc.
struct ProcessThread {
    pid_t id = 0;
    Fd directory;
};

// The first thread, which stands for its process in /proc, or another one when the first has ended
// before the others: a thread that ends has no working directory, no namespaces and no mounts any
// more. ESRCH when all threads end or have ended, also while the process is a zombie.
Result<ProcessThread> open_living_thread(pid_t process);
bool is_ending(const ProcessThread& thread);

// The path of its cgroup v2 node, as seen from the root of the reader's cgroup namespace.
Result<std::string> read_cgroup_path(const Fd& process);

// The same from the text of the files.
Result<ProcessStatus> parse_process_status(std::string_view text);
Result<std::vector<ProcessLimit>> parse_process_limits(std::string_view text);
Result<int> parse_nice(std::string_view stat);
Result<pid_t> parse_parent(std::string_view stat);
bool parse_is_alive(std::string_view stat, std::string_view status);
bool parse_is_ending(std::string_view stat);
Result<std::string> parse_cgroup_path(std::string_view text);

// "nofile" for RLIMIT_NOFILE, the names of prlimit(1) and of limits.conf(5) where they agree.
std::string_view resource_limit_name(int resource);

// "1024:4096", "unlimited:unlimited".
std::string limit_text(std::uint64_t soft, std::uint64_t hard);

}  // namespace confinit
