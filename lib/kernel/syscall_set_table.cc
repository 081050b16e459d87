// SPDX-License-Identifier: Apache-2.0
// The contents of our named sets of system calls.
//
// The names and extents of the groups are those that users of systemd's SystemCallFilter= expect;
// calls newer than that list stand where the older call that they extend stands. A call that only
// another architecture has is listed too, because a set means the same everywhere. @base and
// @sandbox are our own, and there is no @known: default = "allow" says it.
#include "kernel/syscall_sets.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace confinit {

namespace {

// A text that can be the argument of a template.
template <std::size_t size>
struct Text {
    char characters[size] = {};

    constexpr Text(const char (&literal)[size]) { std::ranges::copy(literal, characters); }
    constexpr std::string_view view() const { return {characters, size - 1}; }
};

// The words of a text, split by the compiler at single spaces.
template <Text text>
constexpr auto words = [] {
    constexpr std::string_view all = text.view();
    std::array<std::string_view, std::size_t(std::ranges::count(all, ' ')) + 1> list;
    std::size_t start = 0;
    for (auto& word : list) {
        word = all.substr(start, all.find(' ', start) - start);
        start += word.size() + 1;
    }
    return list;
}();

// Found by tracing static and dynamic programs of glibc and musl, and dd(1) of coreutils and of
// BusyBox. ioctl(2) is here because the first flush of musl's stdout and the first one of glibc's
// to a terminal call it, and prctl(2) because BusyBox asks for its own name. tgkill(2) and tkill(2)
// are left out, although abort(3) uses them: they reach every process of the same user.
constexpr std::span<const std::string_view> base_set = words<
    "@default _llseek access arm_fadvise64_64 close dup dup2 dup3 faccessat faccessat2 "
    "fadvise64 fadvise64_64 fcntl fcntl64 fstat fstat64 fstatat64 fstatfs fstatfs64 getcpu "
    "getcwd getdents getdents64 ioctl lseek "
    "lstat lstat64 madvise mremap newfstatat open openat prctl pread64 read readlink "
    "readlinkat readv rt_sigaction rt_sigprocmask sigaction sigaltstack sigprocmask stat "
    "stat64 statfs statfs64 statx sysinfo uname write writev">;

constexpr std::span<const std::string_view> default_set = words<
    "arch_prctl brk cacheflush clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
    "clock_nanosleep clock_nanosleep_time64 execve exit exit_group futex futex_requeue "
    "futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area getegid "
    "getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid "
    "getppid getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getsid gettid "
    "gettimeofday getuid getuid32 map_shadow_stack membarrier mmap mmap2 mprotect mseal "
    "munmap nanosleep pause prlimit64 restart_syscall riscv_flush_icache riscv_hwprobe rseq "
    "rt_sigreturn sched_getaffinity sched_yield set_robust_list set_thread_area "
    "set_tid_address set_tls sigreturn time ugetrlimit uretprobe">;

constexpr std::span<const std::string_view> aio_set = words<
    "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit "
    "io_uring_enter io_uring_register io_uring_setup">;

constexpr std::span<const std::string_view> basic_io_set = words<
    "_llseek close close_range dup dup2 dup3 lseek pread64 preadv preadv2 pwrite64 pwritev "
    "pwritev2 read readv write writev">;

constexpr std::span<const std::string_view> chown_set =
    words<"chown chown32 fchown fchown32 fchownat lchown lchown32">;

constexpr std::span<const std::string_view> clock_set =
    words<"adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday">;

constexpr std::span<const std::string_view> cpu_emulation_set =
    words<"modify_ldt subpage_prot switch_endian vm86 vm86old">;

constexpr std::span<const std::string_view> debug_set = words<
    "lookup_dcookie perf_event_open pidfd_getfd ptrace rtas s390_runtime_instr "
    "sys_debug_setcontext">;

constexpr std::span<const std::string_view> file_system_set = words<
    "access cachestat chdir chmod close creat faccessat faccessat2 fallocate fchdir fchmod "
    "fchmodat fchmodat2 fcntl fcntl64 fgetxattr file_getattr file_setattr flistxattr "
    "fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 ftruncate ftruncate64 "
    "futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch inotify_init "
    "inotify_init1 inotify_rm_watch lgetxattr link linkat listmount listxattr listxattrat "
    "llistxattr lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat newfstatat "
    "oldfstat oldlstat oldstat open openat openat2 readlink readlinkat removexattr "
    "removexattrat rename renameat renameat2 rmdir setxattr setxattrat stat stat64 statfs "
    "statfs64 statmount statx symlink symlinkat truncate truncate64 unlink unlinkat utime "
    "utimensat utimensat_time64 utimes">;

constexpr std::span<const std::string_view> io_event_set = words<
    "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 "
    "epoll_wait epoll_wait_old eventfd eventfd2 poll ppoll ppoll_time64 pselect6 "
    "pselect6_time64 select">;

constexpr std::span<const std::string_view> ipc_set = words<
    "ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 "
    "mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 "
    "process_madvise process_vm_readv process_vm_writev semctl semget semop semtimedop "
    "semtimedop_time64 shmat shmctl shmdt shmget">;

constexpr std::span<const std::string_view> keyring_set = words<"add_key keyctl request_key">;

constexpr std::span<const std::string_view> memlock_set =
    words<"mlock mlock2 mlockall munlock munlockall">;

constexpr std::span<const std::string_view> module_set =
    words<"delete_module finit_module init_module">;

constexpr std::span<const std::string_view> mount_set = words<
    "chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree "
    "open_tree_attr pivot_root umount umount2">;

constexpr std::span<const std::string_view> network_io_set = words<
    "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom "
    "recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socket "
    "socketcall socketpair">;

constexpr std::span<const std::string_view> obsolete_set = words<
    "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle "
    "lock mpx prof profil putpmsg query_module security sgetmask ssetmask stime stty sysfs "
    "tuxcall ulimit uselib ustat vserver">;

constexpr std::span<const std::string_view> pkey_set = words<"pkey_alloc pkey_free pkey_mprotect">;

constexpr std::span<const std::string_view> privileged_set = words<
    "@chown @clock @module @raw-io @reboot @swap _sysctl acct bpf capset chroot fanotify_init "
    "fanotify_mark nfsservctl open_by_handle_at pivot_root quotactl quotactl_fd setdomainname "
    "setfsuid setfsuid32 setgroups setgroups32 sethostname setresuid setresuid32 setreuid "
    "setreuid32 setuid setuid32 vhangup">;

constexpr std::span<const std::string_view> process_set = words<
    "capget clone clone3 execveat fork getrusage kill pidfd_open pidfd_send_signal prctl "
    "rt_sigqueueinfo rt_tgsigqueueinfo setns swapcontext tgkill times tkill unshare vfork "
    "wait4 waitid waitpid">;

constexpr std::span<const std::string_view> raw_io_set = words<
    "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read "
    "s390_pci_mmio_write">;

constexpr std::span<const std::string_view> reboot_set = words<"kexec_file_load kexec_load reboot">;

constexpr std::span<const std::string_view> resources_set = words<
    "ioprio_set mbind migrate_pages move_pages nice sched_setaffinity sched_setattr "
    "sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node setpriority "
    "setrlimit">;

constexpr std::span<const std::string_view> sandbox_set =
    words<"landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp">;

constexpr std::span<const std::string_view> setuid_set = words<
    "setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 "
    "setresuid setresuid32 setreuid setreuid32 setuid setuid32">;

constexpr std::span<const std::string_view> signal_set = words<
    "rt_sigaction rt_sigpending rt_sigprocmask rt_sigsuspend rt_sigtimedwait "
    "rt_sigtimedwait_time64 sigaction sigaltstack signal signalfd signalfd4 sigpending "
    "sigprocmask sigsuspend">;

constexpr std::span<const std::string_view> swap_set = words<"swapoff swapon">;

constexpr std::span<const std::string_view> sync_set =
    words<"fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs">;

constexpr std::span<const std::string_view> system_service_set = words<
    "@aio @basic-io @chown @default @file-system @io-event @ipc @keyring @memlock @network-io "
    "@process @resources @sandbox @setuid @signal @sync @timer arm_fadvise64_64 capset "
    "copy_file_range "
    "fadvise64 fadvise64_64 flock get_mempolicy getcpu getpriority ioctl ioprio_get kcmp "
    "madvise mremap name_to_handle_at oldolduname olduname personality readahead readdir "
    "remap_file_pages sched_get_priority_max sched_get_priority_min sched_getattr "
    "sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 "
    "sendfile sendfile64 setfsgid setfsgid32 setfsuid setfsuid32 setpgid setsid splice "
    "sysinfo tee umask uname userfaultfd vmsplice">;

constexpr std::span<const std::string_view> timer_set = words<
    "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
    "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime "
    "timerfd_gettime64 timerfd_settime timerfd_settime64 times">;

constexpr SyscallSet sets[] = {
    {"@base",
     "What a program of glibc or musl needs to start, compute, read files and directories, write "
     "to what is open, and exit",
     base_set},
    {"@default",
     "Asking about oneself, memory, time, waiting, and the end: nothing that others notice",
     default_set},
    {"@aio", "Asynchronous input and output: io_submit(2) and io_uring(7)", aio_set},
    {"@basic-io", "Reading, writing, seeking, duplicating and closing open descriptors",
     basic_io_set},
    {"@chown", "Changing the owner of files", chown_set},
    {"@clock", "Setting the clocks of the system", clock_set},
    {"@cpu-emulation", "Running code of older processors", cpu_emulation_set},
    {"@debug", "Tracing, performance counters, and reaching into other processes", debug_set},
    {"@file-system", "Opening, making, reading about, changing and removing files and directories",
     file_system_set},
    {"@io-event", "Waiting for events: epoll(7), poll(2), select(2), eventfd(2)", io_event_set},
    {"@ipc", "Pipes, memory files, POSIX and System V message queues, semaphores and shared memory",
     ipc_set},
    {"@keyring", "The kernel's keyrings: keyrings(7)", keyring_set},
    {"@memlock", "Locking memory into RAM", memlock_set},
    {"@module", "Loading and unloading kernel modules", module_set},
    {"@mount", "Mounting and unmounting file systems, and changing the root", mount_set},
    {"@network-io", "Sockets of every family, Unix sockets included", network_io_set},
    {"@obsolete", "Calls that the kernel no longer has, or that nothing current uses",
     obsolete_set},
    {"@pkey", "Memory protection keys: pkeys(7)", pkey_set},
    {"@privileged", "Calls that need capabilities to be of use", privileged_set},
    {"@process", "Making, signalling and waiting for processes; namespaces; prctl(2)", process_set},
    {"@raw-io", "Input and output ports, and the configuration space of devices", raw_io_set},
    {"@reboot", "Restarting the machine, or loading the next kernel", reboot_set},
    {"@resources", "Scheduling, priorities, resource limits and memory placement", resources_set},
    {"@sandbox", "Confining oneself further: seccomp(2) and landlock(7)", sandbox_set},
    {"@setuid", "Changing the user and group ids of a process", setuid_set},
    {"@signal", "Signal dispositions, masks, stacks and descriptors", signal_set},
    {"@swap", "Starting and stopping swap devices", swap_set},
    {"@sync", "Writing caches to storage", sync_set},
    {"@system-service", "What an ordinary daemon uses: the place to start from with an allow list",
     system_service_set},
    {"@timer", "Timers and alarms of a process", timer_set},
};

}  // namespace

std::span<const SyscallSet> syscall_sets() {
    return sets;
}

}  // namespace confinit
