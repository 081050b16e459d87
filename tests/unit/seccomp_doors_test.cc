// SPDX-License-Identifier: Apache-2.0
// Back doors: what a list or a rule denies is not reached by a call whose arguments lie in memory.
#include "launch/seccomp/argument_width.h"
#include "seccomp_scene.h"

#include <sys/socket.h>
#include <sys/stat.h>

using namespace confinit;

namespace {

std::string rule(std::string_view text) {
    return "default = 'allow'\nrules = [" + std::string{text} + "]";
}

const std::string no_packet =
    "{ syscalls = ['socket'], action = 'EPERM', args = [{ index = 0, op = 'eq', value = 17 }] }";
const std::string no_setuid =
    "{ syscalls = ['openat'], action = 'EPERM', args = [{ index = 3, op = 'masked-eq', value = "
    "0x800, mask = 0x800 }] }";

}  // namespace

TEST_CASE("io_uring is closed where something that it does is denied", "[seccomp][X16]") {
    for (const std::string& table :
         {rule(no_packet), std::string{"default = 'allow'\ndeny = ['connect']"},
          std::string{"default = 'allow'\ndeny = ['@network-io']"},
          std::string{"default = 'EPERM'\nallow = ['@base', '@aio']"}}) {
        CAPTURE(table);
        const UnitFilter filter{table};

        for (const std::string_view call :
             {"io_uring_setup", "io_uring_enter", "io_uring_register"}) {
            CHECK(filter(call) == answers(ENOSYS));
        }
    }
}

TEST_CASE("io_uring stays where nothing that it does is denied", "[seccomp]") {
    for (const std::string& table :
         {std::string{"default = 'allow'\ndeny = ['mount', 'chmod', '@clock']"},
          std::string{"default = 'EPERM'\nallow = ['@system-service']"}}) {
        CAPTURE(table);
        CHECK(UnitFilter{table}("io_uring_setup") == allowed);
    }
}

TEST_CASE("who gives io_uring an action of its own keeps it", "[seccomp]") {
    const UnitFilter by_entry{rule(no_packet) + "\nallow = ['io_uring_setup:allow']"};
    const UnitFilter by_rule{
        rule(no_packet + ", { syscalls = ['io_uring_setup'], action = 'log' }")};
    const UnitFilter by_list{rule(no_packet) + "\nallow = ['io_uring_setup']"};

    CHECK(by_entry("io_uring_setup") == allowed);
    CHECK(by_entry("io_uring_enter") == allowed);
    CHECK(by_rule("io_uring_setup") == SECCOMP_RET_LOG);
    CHECK(by_list("io_uring_setup") == answers(ENOSYS));
}

TEST_CASE("a successor is closed where its older call is looked at", "[seccomp][S1][X16]") {
    const UnitFilter modes{rule(no_setuid)};
    const UnitFilter policies{
        rule("{ syscalls = ['sched_setscheduler'], action = 'EPERM', args = [{ index = 1, op = "
             "'eq', value = 1 }] }")};
    const UnitFilter allows{
        rule("{ syscalls = ['openat'], action = 'log', args = [{ index = 3, op = 'eq', value = 1 "
             "}] }")};
    const UnitFilter whole{"default = 'allow'\ndeny = ['open']"};
    const UnitFilter named{rule(no_setuid + ", { syscalls = ['openat2'], action = 'allow' }")};

    CHECK(modes("openat", {0, 0, 0, S_ISUID}) == answers(EPERM));
    CHECK(modes("openat2") == answers(ENOSYS));
    CHECK(policies("sched_setattr") == answers(ENOSYS));
    CHECK(policies("openat2") == allowed);
    CHECK(allows("openat2") == allowed);
    CHECK(whole("openat2") == allowed);
    CHECK(named("openat2") == allowed);
}

TEST_CASE("bits that the kernel cuts off do not hide an argument", "[seccomp][S3]") {
    const UnitFilter filter{
        rule("{ syscalls = ['chmod'], action = 'EPERM', args = [{ index = 1, op = 'eq', value = "
             "0x9ed }] }, { syscalls = ['mount'], action = 'EPERM', args = [{ index = 3, op = "
             "'eq', value = 4096 }] }, { syscalls = ['ptrace'], action = 'EPERM', args = [{ index "
             "= 1, op = 'eq', value = 1 }] }")};

    CHECK(filter("chmod", {0, 04755}) == answers(EPERM));
    CHECK(filter("chmod", {0, 04755 | 0x10000}) == answers(EPERM));
    CHECK(filter("chmod", {0, 04755 | above}) == answers(EPERM));
    CHECK(filter("mount", {0, 0, 0, 4096 | above}) == answers(EPERM));
    CHECK(filter("ptrace", {16, 1 | above}) == answers(EPERM));
    CHECK(filter("ptrace", {16, 2}) == allowed);
}

TEST_CASE("an argument's width is the kernel's", "[seccomp][S3]") {
    CHECK(argument_bits(SyscallAbi::native, "mkdirat", 2) == 16);
    CHECK(argument_bits(SyscallAbi::native, "mkdirat", 0) == 32);
    CHECK(argument_bits(SyscallAbi::native, "mkdirat", 1) == 64);
    CHECK(argument_bits(SyscallAbi::native, "setresuid", 2) == 32);
    CHECK(argument_bits(SyscallAbi::native, "lseek", 1) == 64);
    CHECK(argument_bits(SyscallAbi::native, "unshare", 0) == 64);
    CHECK(argument_bits(SyscallAbi::x86, "lseek", 1) == 32);
    CHECK(argument_bits(SyscallAbi::x86, "setuid", 0) == 16);
    CHECK(argument_bits(SyscallAbi::x86, "setuid32", 0) == 32);
    CHECK(argument_bits(SyscallAbi::x86, "chown", 0) == 32);
    CHECK(argument_bits(SyscallAbi::x86, "chown", 1) == 16);
}
