// SPDX-License-Identifier: Apache-2.0
// The calls of 32-bit programs under the same filter: their numbers, their variants, their ways in.
#include "../has_32_bit_way.h"
#include "kernel/x86_calls.h"
#include "seccomp_scene.h"
#include "syscall_filter_scene.h"

#include <csignal>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#if defined(__x86_64__)

using namespace confinit;

namespace {

constexpr std::string_view with_x86 = "architectures = ['native', 'x86']\n";

std::string x86(std::string_view table) {
    return std::string{with_x86} + std::string{table};
}

// A system call by the way of 32-bit programs; this one is a 64-bit program.
long call_by_interrupt(long number, std::uint64_t first, std::uint64_t second = 0) {
    long result = 0;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(first), "c"(second), "d"(0), "S"(0), "D"(0)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

}  // namespace

TEST_CASE("32-bit calls kill unless x86 is declared", "[seccomp][S2][X16]") {
    const UnitFilter undeclared{"architectures = ['native']"};
    const UnitFilter declared{x86("")};

    for (const int number : known_syscalls(SyscallAbi::x86)) {
        const auto call = static_cast<std::uint32_t>(number);
        CAPTURE(syscall_name(number, SyscallAbi::x86));
        CHECK(run_filter(undeclared.program(), AUDIT_ARCH_I386, call) == SECCOMP_RET_KILL_PROCESS);
        CHECK(run_filter(declared.program(), AUDIT_ARCH_I386, call) == allowed);
    }
    CHECK(run_filter(declared.program(), AUDIT_ARCH_I386, 9999) == answers(ENOSYS));
    CHECK(run_filter(declared.program(), AUDIT_ARCH_ARM, 1) == SECCOMP_RET_KILL_PROCESS);
    CHECK(run_filter(declared.program(), native_architecture, 0x40000000 | 1) == answers(ENOSYS));
}

TEST_CASE("every name is looked up among the numbers of its own architecture", "[seccomp][S2]") {
    const UnitFilter filter{x86("default = 'allow'\ndeny = ['getuid:EACCES', 'socketcall:EXDEV']")};

    // 102 is getuid(2) here and socketcall(2) there.
    CHECK(run_filter(filter.program(), native_architecture, 102) == answers(EACCES));
    CHECK(run_filter(filter.program(), AUDIT_ARCH_I386, 102) == answers(EXDEV));
    CHECK(filter.x86("getuid") == answers(EACCES));
}

TEST_CASE("a name stands for its 32-bit variants too", "[seccomp][S2]") {
    const UnitFilter denying{
        x86("default = 'allow'\ndeny = ['chown', 'clock_settime', '@setuid']")};
    const UnitFilter allowing{
        x86("default = 'EACCES'\nallow = ['@base', 'mmap', 'lseek', 'fcntl']\n"
            "deny = ['fcntl64:EXDEV']")};

    CHECK(denying.x86("chown") == answers(EPERM));
    CHECK(denying.x86("chown32") == answers(EPERM));
    CHECK(denying.x86("clock_settime64") == answers(EPERM));
    CHECK(denying.x86("setresuid32") == answers(EPERM));
    CHECK(denying.x86("fchown32") == allowed);
    CHECK(allowing.x86("mmap2") == allowed);
    CHECK(allowing.x86("_llseek") == allowed);
    CHECK(allowing.x86("fcntl64") == answers(EXDEV));
    CHECK(allowing.x86("setresuid32") == answers(EACCES));
    // Every variant is a 32-bit call and no native one.
    for (const int number : known_syscalls()) {
        for (const auto variant : x86_variants(syscall_name(number))) {
            CAPTURE(variant);
            CHECK(syscall_number(variant, SyscallAbi::x86).has_value());
            CHECK_FALSE(syscall_number(variant).has_value());
        }
    }
}

TEST_CASE("restrictions hold for 32-bit calls, whatever is above their arguments",
          "[seccomp][S2][S3][X16]") {
    const UnitFilter filter{
        x86("address_families = ['unix']\nnamespaces = false\n"
            "memory_deny_write_execute = true\nsuid_sgid = false\n"
            "realtime = false\npersonality = false")};

    for (const std::uint64_t high : {std::uint64_t{0}, above, 0xffffffff00000000}) {
        CAPTURE(high);
        CHECK(filter.x86("socket", {AF_UNIX | high}) == allowed);
        CHECK(filter.x86("socket", {AF_INET | high}) == answers(EAFNOSUPPORT));
        CHECK(filter.x86("socketpair", {AF_INET | high}) == answers(EAFNOSUPPORT));
        CHECK(filter.x86("clone", {CLONE_NEWUSER | 17 | high}) == answers(EPERM));
        CHECK(filter.x86("clone", {17 | high}) == allowed);
        CHECK(filter.x86("unshare", {CLONE_NEWNS | high}) == answers(EPERM));
        CHECK(filter.x86("mmap2", {0, 0, 7 | high}) == answers(EPERM));
        CHECK(filter.x86("mmap2", {0, 0, 3 | high}) == allowed);
        CHECK(filter.x86("mprotect", {0, 0, 5 | high}) == answers(EPERM));
        CHECK(filter.x86("chmod", {0, S_ISUID | high}) == answers(EPERM));
        CHECK(filter.x86("open", {0, 0x41 | high, S_ISGID | high}) == answers(EPERM));
        CHECK(filter.x86("sched_setscheduler", {0, 1 | high}) == answers(EPERM));
        CHECK(filter.x86("personality", {ADDR_NO_RANDOMIZE | high}) == answers(EPERM));
    }
    for (const std::string_view call : {"socketcall", "ipc", "mmap", "clone3", "openat2",
                                        "sched_setattr", "io_uring_setup", "io_uring_enter"}) {
        CAPTURE(call);
        CHECK(filter.x86(call) == answers(ENOSYS));
    }
    CHECK(filter.x86("setns", {3, 0}) == answers(EPERM));
}

TEST_CASE("socketcall and ipc are denied when families are restricted", "[seccomp][S2]") {
    const UnitFilter filter{x86("address_families = ['unix', 'inet']")};

    CHECK(filter.x86("socketcall", {1}) == answers(ENOSYS));
    CHECK(filter.x86("ipc") == answers(ENOSYS));
    CHECK(filter.x86("read") == allowed);
}

TEST_CASE("a multiplexer is closed with any call that it makes", "[seccomp][S2][X16]") {
    const UnitFilter no_connect{x86("default = 'allow'\ndeny = ['connect']")};
    const UnitFilter no_memory{x86("default = 'allow'\ndeny = ['shmget']")};
    const UnitFilter own{x86("default = 'allow'\ndeny = ['connect']\nallow = ['socketcall:log']")};

    CHECK(no_connect.x86("socketcall") == answers(ENOSYS));
    CHECK(no_connect.x86("ipc") == allowed);
    CHECK(no_memory.x86("ipc") == answers(ENOSYS));
    CHECK(no_memory.x86("socketcall") == allowed);
    CHECK(own.x86("socketcall") == SECCOMP_RET_LOG);
}

TEST_CASE("a rule holds for 32-bit calls, and what it cannot see there is denied",
          "[seccomp][S2][S3]") {
    const UnitFilter filter{
        x86("default = 'allow'\nrules = ["
            "{ syscalls = ['mmap'], action = 'EPERM', args = [{ index = 2, op = 'masked-eq', "
            "value = 6, mask = 6 }] },"
            "{ syscalls = ['lseek'], action = 'EPERM', args = [{ index = 1, op = 'gt', value = 9 "
            "}] },"
            "{ syscalls = ['ioctl'], action = 'EPERM', args = [{ index = 1, op = 'eq', value = "
            "0x5412, bits = 64 }] },"
            "{ syscalls = ['setuid'], action = 'EPERM', args = [{ index = 0, op = 'eq', value = 0 "
            "}] }]")};

    CHECK(filter.x86("mmap2", {0, 0, 6 | above}) == answers(EPERM));
    CHECK(filter.x86("mmap2", {0, 0, 2}) == allowed);
    CHECK(filter.x86("mmap") == answers(ENOSYS));
    CHECK(filter.x86("lseek", {0, 10}) == answers(EPERM));
    CHECK(filter.x86("lseek", {0, 9 | above}) == allowed);
    CHECK(filter.x86("_llseek", {0, 0, 10}) == answers(ENOSYS));
    CHECK(filter.x86("ioctl", {0, 0x5412 | above}) == answers(EPERM));
    CHECK(filter("ioctl", {0, 0x5412 | above}) == allowed);
    // The 16-bit call takes 65536 for 0.
    CHECK(filter.x86("setuid", {0x10000}) == answers(EPERM));
    CHECK(filter.x86("setuid32", {0x10000}) == allowed);
    CHECK(filter.x86("setuid32", {above}) == answers(EPERM));
}

TEST_CASE("the kernel asks the filter about 32-bit calls as it is read here",
          "[seccomp][kernel][S2][S3][X16]") {
    const UnitFilter filter{x86("address_families = ['unix']\npersonality = false")};
    const auto number = [](std::string_view call) {
        return static_cast<long>(*syscall_number(call, SyscallAbi::x86));
    };
    const long socket_call = number("socket");
    const long multiplexer = number("socketcall");
    const long personality_call = number("personality");
    const long io_uring = number("io_uring_setup");

    const int status = status_under(filter.program(), [&] {
        (void)std::signal(SIGSEGV, SIG_DFL);
        if (call_by_interrupt(socket_call, AF_INET) != -EAFNOSUPPORT) return 1;
        if (call_by_interrupt(socket_call, AF_INET | above) != -EAFNOSUPPORT) return 2;
        if (call_by_interrupt(multiplexer, 1) != -ENOSYS) return 3;
        if (call_by_interrupt(personality_call, ADDR_NO_RANDOMIZE | above) != -EPERM) return 4;
        if (call_by_interrupt(io_uring, 1) != -ENOSYS) return 5;
        // SOCK_STREAM: the listed family works.
        if (call_by_interrupt(socket_call, AF_UNIX | above, 1) < 0) return 6;
        if (call_by_interrupt(personality_call, 0xffffffff) < 0) return 7;
        return 0;
    });

    if (!has_32_bit_way()) {
        CHECK(WTERMSIG(status) == SIGSEGV);
        return;
    }
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the kernel kills at a 32-bit call that is not declared", "[seccomp][kernel][S2][X16]") {
    const UnitFilter filter{"architectures = ['native']"};

    const int status = status_under(filter.program(), [] {
        (void)std::signal(SIGSEGV, SIG_DFL);
        // getpid(2) there, writev(2) here.
        (void)call_by_interrupt(20, 0);
        return 0;
    });

    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == (has_32_bit_way() ? SIGSYS : SIGSEGV));
}

#endif
