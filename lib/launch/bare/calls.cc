// SPDX-License-Identifier: Apache-2.0
// The part of the C library that the helpers use, under its names: a helper that is linked without
// the library has the same source as one that is linked with it.
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// The library's syscall(2): the arguments move one register on, and -4095 to -1 is an error.
asm(".globl syscall\n"
    ".type syscall, @function\n"
    "syscall:\n"
    "    movq %rdi, %rax\n"
    "    movq %rsi, %rdi\n"
    "    movq %rdx, %rsi\n"
    "    movq %rcx, %rdx\n"
    "    movq %r8, %r10\n"
    "    movq %r9, %r8\n"
    "    movq 8(%rsp), %r9\n"
    "    syscall\n"
    "    cmpq $-4095, %rax\n"
    "    jae 1f\n"
    "    ret\n"
    "1:  negl %eax\n"
    "    movl %eax, bare_errno(%rip)\n"
    "    movq $-1, %rax\n"
    "    ret\n"
    ".size syscall, . - syscall\n");

// Headers have these inline, and a compiler that does not inline calls them. Nobody here catches an
// exception.
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) {
    __builtin_trap();
}
}  // namespace std

extern "C" {

// cmsg(3).
cmsghdr* bare_cmsg_nxthdr(msghdr* message, cmsghdr* header) noexcept asm("__cmsg_nxthdr");
cmsghdr* bare_cmsg_nxthdr(msghdr* message, cmsghdr* header) noexcept {
    if (header->cmsg_len < sizeof(cmsghdr)) return nullptr;
    auto* const begin = reinterpret_cast<unsigned char*>(header);
    auto* const end = static_cast<unsigned char*>(message->msg_control) + message->msg_controllen;
    unsigned char* const next = begin + CMSG_ALIGN(header->cmsg_len);
    if (next + sizeof(cmsghdr) > end) return nullptr;
    auto* const following = reinterpret_cast<cmsghdr*>(next);
    return next + CMSG_ALIGN(following->cmsg_len) > end ? nullptr : following;
}

// One thread needs no storage of its own for it.
__attribute__((used)) int bare_errno = 0;
int* __errno_location() noexcept {
    return &bare_errno;
}

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) noexcept {
    void* const begin = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return begin;
}

void* memset(void* to, int value, std::size_t size) noexcept {
    void* const begin = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return begin;
}

int memcmp(const void* left, const void* right, std::size_t size) noexcept {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < size; ++i)
        if (a[i] != b[i]) return a[i] - b[i];
    return 0;
}

std::size_t strlen(const char* text) noexcept {
    std::size_t size = 0;
    while (text[size] != '\0')
        ++size;
    return size;
}

void _exit(int code) {
    for (;;)
        (void)syscall(SYS_exit_group, code);
}

int close(int fd) {
    return static_cast<int>(syscall(SYS_close, fd));
}

int dup(int fd) noexcept {
    return static_cast<int>(syscall(SYS_dup, fd));
}

int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return static_cast<int>(syscall(SYS_fcntl, fd, command, argument));
}

int prctl(int option, ...) noexcept {
    va_list arguments;
    va_start(arguments, option);
    long words[4];
    for (long& word : words)
        word = va_arg(arguments, long);
    va_end(arguments);
    return static_cast<int>(syscall(SYS_prctl, option, words[0], words[1], words[2], words[3]));
}

ssize_t pread(int fd, void* to, std::size_t size, off_t offset) {
    return syscall(SYS_pread64, fd, to, size, offset);
}

ssize_t pwrite(int fd, const void* from, std::size_t size, off_t offset) {
    return syscall(SYS_pwrite64, fd, from, size, offset);
}

ssize_t write(int fd, const void* from, std::size_t size) {
    return syscall(SYS_write, fd, from, size);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t sendto(int fd, const void* from, std::size_t size, int flags, const sockaddr* address,
               socklen_t length) {
    return syscall(SYS_sendto, fd, from, size, flags, address, std::size_t{length});
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) {
    return sendto(fd, from, size, flags, nullptr, 0);
}

void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
           off_t offset) noexcept {
    return reinterpret_cast<void*>(syscall(SYS_mmap, address, size, protection, flags, fd, offset));
}

int munmap(void* address, std::size_t size) noexcept {
    return static_cast<int>(syscall(SYS_munmap, address, size));
}

int mlock(const void* address, std::size_t size) noexcept {
    return static_cast<int>(syscall(SYS_mlock, address, size));
}

uid_t geteuid() noexcept {
    return static_cast<uid_t>(syscall(SYS_geteuid));
}

int getresuid(uid_t* real, uid_t* effective, uid_t* saved) noexcept {
    return static_cast<int>(syscall(SYS_getresuid, real, effective, saved));
}

int setresuid(uid_t real, uid_t effective, uid_t saved) noexcept {
    return static_cast<int>(syscall(SYS_setresuid, real, effective, saved));
}

int setgroups(std::size_t count, const gid_t* groups) noexcept {
    return static_cast<int>(syscall(SYS_setgroups, count, groups));
}

int sigfillset(sigset_t* set) noexcept {
    memset(set, 0xff, sizeof *set);
    return 0;
}

// The kernel's set is of 64 signals: rt_sigprocmask(2).
int sigprocmask(int how, const sigset_t* set, sigset_t* previous) noexcept {
    constexpr std::size_t kernel_size = 8;
    return static_cast<int>(syscall(SYS_rt_sigprocmask, how, set, previous, kernel_size));
}
}
