// SPDX-License-Identifier: Apache-2.0
// What the system calls of 32-bit programs on x86-64 have of their own, by
// arch/x86/entry/syscalls/syscall_32.tbl and arch/x86/kernel/sys_ia32.c of the kernel.
#include "kernel/x86_calls.h"

#include <algorithm>
#include <cstddef>

namespace confinit {
namespace {

struct Variant {
    std::string_view name;
    std::string_view of;
};

constexpr Variant variants[] = {
    {"_llseek", "lseek"},
    {"_newselect", "select"},
    {"chown32", "chown"},
    {"clock_adjtime64", "clock_adjtime"},
    {"clock_getres_time64", "clock_getres"},
    {"clock_gettime64", "clock_gettime"},
    {"clock_nanosleep_time64", "clock_nanosleep"},
    {"clock_settime64", "clock_settime"},
    {"fadvise64_64", "fadvise64"},
    {"fchown32", "fchown"},
    {"fcntl64", "fcntl"},
    {"fstat64", "fstat"},
    {"fstatat64", "newfstatat"},
    {"fstatfs64", "fstatfs"},
    {"ftruncate64", "ftruncate"},
    {"futex_time64", "futex"},
    {"getegid32", "getegid"},
    {"geteuid32", "geteuid"},
    {"getgid32", "getgid"},
    {"getgroups32", "getgroups"},
    {"getresgid32", "getresgid"},
    {"getresuid32", "getresuid"},
    {"getuid32", "getuid"},
    {"io_pgetevents_time64", "io_pgetevents"},
    {"lchown32", "lchown"},
    {"lstat64", "lstat"},
    {"mmap2", "mmap"},
    {"mq_timedreceive_time64", "mq_timedreceive"},
    {"mq_timedsend_time64", "mq_timedsend"},
    {"nice", "setpriority"},
    {"oldfstat", "fstat"},
    {"oldlstat", "lstat"},
    {"oldolduname", "uname"},
    {"oldstat", "stat"},
    {"olduname", "uname"},
    {"ppoll_time64", "ppoll"},
    {"pselect6_time64", "pselect6"},
    {"readdir", "getdents"},
    {"recvmmsg_time64", "recvmmsg"},
    {"rt_sigtimedwait_time64", "rt_sigtimedwait"},
    {"sched_rr_get_interval_time64", "sched_rr_get_interval"},
    {"semtimedop_time64", "semtimedop"},
    {"sendfile64", "sendfile"},
    {"setfsgid32", "setfsgid"},
    {"setfsuid32", "setfsuid"},
    {"setgid32", "setgid"},
    {"setgroups32", "setgroups"},
    {"setregid32", "setregid"},
    {"setresgid32", "setresgid"},
    {"setresuid32", "setresuid"},
    {"setreuid32", "setreuid"},
    {"setuid32", "setuid"},
    {"sgetmask", "rt_sigprocmask"},
    {"sigaction", "rt_sigaction"},
    {"signal", "rt_sigaction"},
    {"sigpending", "rt_sigpending"},
    {"sigprocmask", "rt_sigprocmask"},
    {"sigreturn", "rt_sigreturn"},
    {"sigsuspend", "rt_sigsuspend"},
    {"ssetmask", "rt_sigprocmask"},
    {"stat64", "stat"},
    {"statfs64", "statfs"},
    {"stime", "settimeofday"},
    {"timer_gettime64", "timer_gettime"},
    {"timer_settime64", "timer_settime"},
    {"timerfd_gettime64", "timerfd_gettime"},
    {"timerfd_settime64", "timerfd_settime"},
    {"truncate64", "truncate"},
    {"ugetrlimit", "getrlimit"},
    {"umount", "umount2"},
    {"utimensat_time64", "utimensat"},
    {"waitpid", "wait4"},
};

struct MovedArguments {
    std::string_view call;
    unsigned first;
};

// Numbers of 64 bits are two words; clone(2) has its last two arguments the other way round
// (CONFIG_CLONE_BACKWARDS); the arguments of mmap(2) and select(2) lie in memory.
constexpr MovedArguments moved_arguments[] = {
    {"_llseek", 1},    {"clone", 3},         {"fadvise64", 1}, {"fadvise64_64", 1},
    {"fallocate", 2},  {"fanotify_mark", 2}, {"fstatfs64", 1}, {"ftruncate64", 1},
    {"mmap", 0},       {"nice", 0},          {"pread64", 3},   {"pwrite64", 3},
    {"readahead", 1},  {"select", 0},        {"sgetmask", 0},  {"sigsuspend", 0},
    {"ssetmask", 0},   {"statfs64", 1},      {"stime", 0},     {"sync_file_range", 1},
    {"truncate64", 1}, {"umount", 1},
};

constexpr std::string_view calls_with_short_ids[] = {
    "chown",    "fchown",    "lchown",    "setfsgid", "setfsuid", "setgid",
    "setregid", "setresgid", "setresuid", "setreuid", "setuid",
};

}  // namespace

std::vector<std::string_view> x86_variants(std::string_view call) {
    std::vector<std::string_view> names;
    for (const Variant& variant : variants) {
        if (variant.of == call) names.push_back(variant.name);
    }
    return names;
}

std::optional<unsigned> first_moved_argument(std::string_view call) {
    const auto* found = std::ranges::find(moved_arguments, call, &MovedArguments::call);
    return found == std::end(moved_arguments) ? std::nullopt : std::optional{found->first};
}

bool takes_short_ids(std::string_view call) {
    return std::ranges::find(calls_with_short_ids, call) != std::end(calls_with_short_ids);
}

}  // namespace confinit
