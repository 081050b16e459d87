// SPDX-License-Identifier: Apache-2.0
// The yardstick: a launch in plain C that makes the kernel calls of confinit's and nothing else.
//
// The child shares this process's memory and this process waits for its execve(2), as with
// vfork(2): the cheapest way that there is, and one that a supervisor cannot afford.
#define _GNU_SOURCE
#include "by_hand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { stack_size = 64 * 1024, last_capability_fallback = 40 };
static char first_stack[stack_size] __attribute__((aligned(16)));
static char main_stack[stack_size] __attribute__((aligned(16)));

struct child {
    const struct by_hand_service* service;
    int input;
    int output;
    int exit_socket;
    int ready[2];
    int main_process;
    int is_reaper;
};

static int last_capability(void) {
    static int last = -1;
    for (int i = 0; last < 0 && i <= 63; ++i) {
        if (prctl(PR_CAPBSET_READ, i + 1, 0, 0, 0) < 0) last = i;
    }
    return last < 0 ? last_capability_fallback : last;
}

// Ends the child where a call has failed; the line is its exit status.
#define MUST(call)                                       \
    do {                                                 \
        if ((call) < 0) {                                \
            syscall(SYS_exit_group, __LINE__ % 125 + 1); \
            __builtin_unreachable();                     \
        }                                                \
    } while (0)

// clone3(2) whose child begins in `body` on a stack of its own. Without the assembly of an
// architecture it is a plain copy.
static long clone_onto(struct clone_args* arguments, char* stack, void (*body)(struct child*),
                       struct child* child) {
#if defined(__x86_64__)
    arguments->stack = (uintptr_t)stack;
    arguments->stack_size = stack_size;
    long result = SYS_clone3;
    register void (*function)(struct child*) __asm__("r12") = body;
    register struct child* argument __asm__("r13") = child;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r13, %%rdi\n\t"
        "call *%%r12\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(arguments), "S"(sizeof *arguments), "r"(function), "r"(argument)
        : "rcx", "r11", "memory");
    return result;
#else
    (void)stack;
    arguments->flags &= ~(uint64_t)(CLONE_VM | CLONE_VFORK);
    const long result = syscall(SYS_clone3, arguments, sizeof *arguments);
    if (result == 0) body(child);
    return result;
#endif
}

static void bring_up_loopback(void) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    MUST(fd);
    MUST(ioctl(fd, SIOCGIFFLAGS, &request));
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    MUST(ioctl(fd, SIOCSIFFLAGS, &request));
    MUST(close(fd));
}

static long mount_at(const char* type, const char* path, unsigned long flags, const char* data) {
    return syscall(SYS_mount, type, path, type, flags, data);
}

static void make_dev(void) {
    static const char* const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                        "/dev/random", "/dev/urandom", "/dev/tty"};
    static const char* const links[][2] = {{"pts/ptmx", "/dev/ptmx"},
                                           {"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"}};
    enum { node_count = sizeof nodes / sizeof *nodes, link_count = sizeof links / sizeof *links };
    const unsigned long data_only = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    int trees[node_count];
    for (int i = 0; i < node_count; ++i) {
        trees[i] =
            (int)syscall(SYS_open_tree, AT_FDCWD, nodes[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        MUST(trees[i]);
    }
    MUST(mount_at("tmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755,size=4194304"));
    for (int i = 0; i < node_count; ++i) {
        const int fd = open(nodes[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
        MUST(fd);
        MUST(close(fd));
        struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
        MUST(syscall(SYS_mount_setattr, trees[i], "", AT_EMPTY_PATH, &attributes,
                     sizeof attributes));
        MUST(syscall(SYS_move_mount, trees[i], "", AT_FDCWD, nodes[i], MOVE_MOUNT_F_EMPTY_PATH));
        MUST(close(trees[i]));
    }
    MUST(mkdir("/dev/pts", 0755));
    MUST(mkdir("/dev/shm", 0755));
    MUST(mkdir("/dev/mqueue", 0755));
    MUST(mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
                  "newinstance,ptmxmode=0666,mode=0620"));
    MUST(mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"));
    MUST(mount_at("mqueue", "/dev/mqueue", data_only, NULL));
    for (int i = 0; i < link_count; ++i)
        MUST(symlink(links[i][0], links[i][1]));
}

static void make_mounts(enum by_hand_mounts mounts) {
    if (mounts == by_hand_no_mounts) return;
    MUST(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
    umask(0);
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    MUST(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only));
    MUST(mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"));
    MUST(mount_at("tmpfs", "/var/tmp", MS_NOSUID | MS_NODEV, "mode=1777"));
    if (mounts != by_hand_tmp_dev_proc) return;
    make_dev();
    MUST(mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
}

// Nothing to inherit, and where nothing is kept, no right at all.
static void limit_capabilities(int keeps_present) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    MUST(syscall(SYS_capget, &header, data));
    for (int i = 0; i < 2; ++i) {
        data[i].inheritable = 0;
        if (keeps_present) continue;
        data[i].permitted = 0;
        data[i].effective = 0;
    }
    MUST(syscall(SYS_capset, &header, data));
}

static void drop_rights(const struct by_hand_service* service) {
    limit_capabilities(1);
    for (int i = 0; i <= last_capability(); ++i) {
        if (i != CAP_SETPCAP) MUST(prctl(PR_CAPBSET_DROP, i, 0, 0, 0));
    }
    MUST(prctl(PR_CAPBSET_DROP, CAP_SETPCAP, 0, 0, 0));
    const gid_t group = service->gid;
    MUST(syscall(SYS_setgroups, 1, &group));
    MUST(syscall(SYS_setresgid, service->gid, service->gid, service->gid));
    MUST(syscall(SYS_setresuid, service->uid, service->uid, service->uid));
    MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    limit_capabilities(0);
}

static void write_oom_score(void) {
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    MUST(fd);
    MUST(write(fd, "0", 1));
    MUST(close(fd));
}

static void place_descriptors(int first, int second, int third) {
    MUST(dup3(first, 0, 0));
    MUST(dup3(second, 1, 0));
    MUST(dup3(third, 2, 0));
}

// What is the same for the service and for the reaper.
static void finish(struct child* child) {
    const struct by_hand_service* service = child->service;
    MUST(setsid());
    const struct rlimit files = {1024, 1024};
    if (!child->is_reaper) MUST(setrlimit(RLIMIT_NOFILE, &files));
    if (service->is_confined) drop_rights(service);
    MUST(chdir("/"));
    umask(022);
    MUST(syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
    if (service->is_confined || child->is_reaper) MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void become_service(struct child* child) {
    const struct by_hand_service* service = child->service;
    finish(child);
    char byte;
    if (service->reaper >= 0 && read(child->ready[0], &byte, 1) != 1) MUST(-1);
    const uint64_t no_signals = 0;
    MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals));
    if (service->filter_length > 0) {
        const struct sock_fprog program = {service->filter_length,
                                           (struct sock_filter*)(uintptr_t)service->filter};
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
    }
    char* const arguments[] = {(char*)(uintptr_t)service->program, NULL};
    char* const environment[] = {NULL};
    MUST(execve(service->program, arguments, environment));
}

static void become_reaper(struct child* child) {
    char name[] = "confinit-reaper";
    char* const arguments[] = {name, NULL};
    char* const environment[] = {NULL};
    place_descriptors(child->exit_socket, child->main_process, child->ready[1]);
    child->is_reaper = 1;
    finish(child);
    MUST(execveat(child->service->reaper, "", arguments, environment, AT_EMPTY_PATH));
}

static void first_process(struct child* child) {
    const struct by_hand_service* service = child->service;
    write_oom_score();
    place_descriptors(child->input, child->output, child->output);
    if ((service->namespaces & CLONE_NEWCGROUP) != 0) MUST(syscall(SYS_unshare, CLONE_NEWCGROUP));
    make_mounts(service->mounts);
    if (service->hostname != NULL) MUST(sethostname(service->hostname, strlen(service->hostname)));
    if ((service->namespaces & CLONE_NEWNET) != 0) bring_up_loopback();
    if (service->reaper >= 0) {
        MUST(pipe2(child->ready, O_CLOEXEC));
        // Both go on with the shared memory, so each has its own notes.
        static struct child main_child;
        main_child = *child;
        struct clone_args arguments = {.flags = CLONE_VM | CLONE_PIDFD,
                                       .pidfd = (uintptr_t)&child->main_process,
                                       .exit_signal = SIGCHLD};
        const long main_pid = clone_onto(&arguments, main_stack, become_service, &main_child);
        MUST(main_pid);
        become_reaper(child);
    }
    become_service(child);
}

static int make_node(const struct by_hand_service* service) {
    if (service->node == NULL) return -1;
    if (mkdir(service->node, 0755) < 0) return -2;
    const int node = open(service->node, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; node >= 0 && i < service->setting_count; ++i) {
        const struct by_hand_setting* setting = &service->settings[i];
        const int fd = openat(node, setting->file, O_WRONLY | O_CLOEXEC);
        const size_t size = strlen(setting->value);
        if (fd < 0 || write(fd, setting->value, size) != (ssize_t)size) return -2;
        close(fd);
    }
    return node;
}

int launch_by_hand(const struct by_hand_service* service, struct by_hand_started* started) {
    const uint64_t made_by_child = CLONE_NEWCGROUP;
    struct child child = {.service = service, .exit_socket = -1, .main_process = -1};
    *started = (struct by_hand_started){.pidfd = -1, .output = -1, .exit_socket = -1, .node = -1};
    started->node = make_node(service);
    if (started->node == -2) return -1;
    int output[2];
    int sockets[2] = {-1, -1};
    if (pipe2(output, O_CLOEXEC) < 0) return -1;
    if (service->reaper >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return -1;
    started->output = output[0];
    started->exit_socket = sockets[0];
    child.output = output[1];
    child.exit_socket = sockets[1];
    child.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (child.input < 0) return -1;
    struct clone_args arguments = {
        .flags = (service->namespaces & ~made_by_child) | CLONE_VM | CLONE_VFORK | CLONE_PIDFD |
                 CLONE_CLEAR_SIGHAND | (started->node >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uintptr_t)&started->pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = started->node >= 0 ? (uint64_t)started->node : 0,
    };
    (void)last_capability();
    const uint64_t all_signals = ~0ULL;
    uint64_t before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, &before, sizeof before);
    const long pid = clone_onto(&arguments, first_stack, first_process, &child);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    close(child.input);
    close(output[1]);
    if (sockets[1] >= 0) close(sockets[1]);
    started->pid = (pid_t)pid;
    return pid < 0 ? -1 : 0;
}
