// SPDX-License-Identifier: Apache-2.0
// The keys that restrict system calls: their words, and what the one filter answers for each.
#include "seccomp_scene.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <set>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace confinit;

namespace {

using Names = std::vector<std::string>;

std::string table_faults(std::string_view table) {
    return faults(std::string{minimal_service} + "[seccomp]\n" + std::string{table} + "\n");
}

// All known calls with arguments that mean little, of which no restriction has anything to say.
const SyscallArguments harmless{1, 1, 1, 0, 0, 0};

}  // namespace

TEST_CASE("a unit that only restricts lets every other call through", "[seccomp][S1]") {
    const UnitFilter filter{"realtime = false"};

    CHECK(calls_denied(filter, {}) == Names{"sched_setattr"});
    CHECK(filter("ptrace") == allowed);
    CHECK(run_filter(filter.program(), native_architecture, 9999) == answers(ENOSYS));
    CHECK(run_filter(filter.program(), AUDIT_ARCH_I386, 4) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("a restriction is one more thing that lists deny, in the same filter", "[seccomp]") {
    const UnitFilter filter{
        "default = 'EACCES'\nallow = ['@base', 'socket']\n"
        "address_families = ['unix']"};

    CHECK(filter("socket", {AF_UNIX}) == allowed);
    CHECK(filter("socket", {AF_INET}) == answers(EAFNOSUPPORT));
    CHECK(filter("socketpair", {AF_UNIX}) == answers(EACCES));
    CHECK(filter("mount") == answers(EACCES));
}

TEST_CASE("what is denied already keeps its own answer", "[seccomp]") {
    const UnitFilter filter{
        "default = 'allow'\ndeny = ['io_uring_setup:kill-process']\n"
        "rules = [{ syscalls = ['socket'], action = 'kill-process', "
        "args = [{ index = 0, op = 'eq', value = 17 }] }]\n"
        "address_families = ['unix']"};

    CHECK(filter("socket", {AF_PACKET}) == SECCOMP_RET_KILL_PROCESS);
    CHECK(filter("socket", {AF_INET}) == answers(EAFNOSUPPORT));
    CHECK(filter("io_uring_setup") == SECCOMP_RET_KILL_PROCESS);
    CHECK(filter("io_uring_enter") == answers(ENOSYS));
}

TEST_CASE("a rule or an action that lets a call through does not lift a restriction",
          "[seccomp][X16]") {
    for (const std::string_view action : {"allow", "log", "trace"}) {
        CAPTURE(action);
        const std::string word{action};
        const UnitFilter filter{"default = 'allow'\nallow = ['clone3:" + word +
                                "']\n"
                                "rules = [{ syscalls = ['socket', 'unshare'], action = '" +
                                word +
                                "', args = [{ index = 1, op = 'le', value = 3 }] }]\n"
                                "address_families = ['unix']\nnamespaces = false"};

        CHECK(filter("socket", {AF_INET, 1}) == answers(EAFNOSUPPORT));
        CHECK(filter("unshare", {CLONE_NEWUSER}) == answers(EPERM));
        CHECK(filter("clone3") == answers(ENOSYS));
        CHECK(filter("socket", {AF_UNIX, 1}) != answers(EAFNOSUPPORT));
    }
}

TEST_CASE("families: those of the list, and the doors around them are closed",
          "[seccomp][S3][X16]") {
    const UnitFilter filter{"address_families = ['AF_UNIX', 'inet']"};

    for (const std::string_view call : {"socket", "socketpair"}) {
        for (std::uint64_t family = 0; family < 64; ++family) {
            CAPTURE(call, family);
            const bool is_listed = family == AF_UNIX || family == AF_INET;
            const std::uint32_t expected = is_listed ? allowed : answers(EAFNOSUPPORT);
            CHECK(filter(call, {family}) == expected);
            CHECK(filter(call, {family | above}) == expected);
        }
    }
    CHECK(calls_denied(filter, harmless) ==
          Names{"io_uring_enter", "io_uring_register", "io_uring_setup"});
    CHECK(filter("io_uring_setup") == answers(ENOSYS));
}

TEST_CASE("families: all but the exceptions, and none at all", "[seccomp]") {
    const UnitFilter but_packet{"address_families = ['~AF_PACKET', '~vsock']"};
    const UnitFilter none{"address_families = []"};

    CHECK(but_packet("socket", {AF_PACKET}) == answers(EAFNOSUPPORT));
    CHECK(but_packet("socketpair", {AF_VSOCK | above}) == answers(EAFNOSUPPORT));
    CHECK(but_packet("socket", {AF_INET}) == allowed);
    CHECK(but_packet("io_uring_setup") == answers(ENOSYS));
    CHECK(none("socket", {AF_UNIX}) == answers(EAFNOSUPPORT));
    CHECK(none("socketpair", {AF_INET}) == answers(EAFNOSUPPORT));
}

TEST_CASE("namespaces: none may be made or joined", "[seccomp][S1][S3][X16]") {
    const UnitFilter filter{"namespaces = false"};

    using Flags = std::initializer_list<std::uint64_t>;
    for (const std::uint64_t flag :
         Flags{CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
               CLONE_NEWUSER, CLONE_NEWTIME}) {
        CAPTURE(flag);
        CHECK(filter("unshare", {flag}) == answers(EPERM));
        CHECK(filter("unshare", {flag | CLONE_FILES | above}) == answers(EPERM));
        CHECK(filter("setns", {3, flag}) == answers(EPERM));
        // In clone(2) the bit of CLONE_NEWTIME belongs to the number of the signal.
        const std::uint32_t expected = flag == CLONE_NEWTIME ? allowed : answers(EPERM);
        CHECK(filter("clone", {flag | 17}) == expected);
        CHECK(filter("clone", {flag | 17 | above}) == expected);
    }
    CHECK(filter("setns", {3, 0}) == answers(EPERM));
    CHECK(filter("setns", {3, above}) == answers(EPERM));
    CHECK(filter("clone3") == answers(ENOSYS));
    CHECK(filter("clone", {17}) == allowed);
    CHECK(filter("unshare", {CLONE_FILES}) == allowed);
    CHECK(filter("fork") == allowed);
}

TEST_CASE("namespaces: those of the list only", "[seccomp]") {
    const UnitFilter filter{"namespaces = ['net', 'user']"};
    const UnitFilter all{"namespaces = true"};

    CHECK(filter("unshare", {CLONE_NEWNET | CLONE_NEWUSER}) == allowed);
    CHECK(filter("unshare", {CLONE_NEWNET | CLONE_NEWNS}) == answers(EPERM));
    CHECK(filter("setns", {3, CLONE_NEWNET}) == allowed);
    CHECK(filter("setns", {3, 0}) == answers(EPERM));
    CHECK(filter("clone3") == answers(ENOSYS));
    CHECK(calls_denied(all, {~std::uint64_t{0}, ~std::uint64_t{0}}).empty());
}

TEST_CASE("memory is never writable and executable", "[seccomp][H14][S3]") {
    const UnitFilter filter{"memory_deny_write_execute = true"};
    const auto mapping = [](std::uint64_t protection) {
        return SyscallArguments{0, 4096, protection, MAP_PRIVATE};
    };

    CHECK(filter("mmap", mapping(PROT_WRITE | PROT_EXEC)) == answers(EPERM));
    CHECK(filter("mmap", mapping(PROT_READ | PROT_WRITE | PROT_EXEC | above)) == answers(EPERM));
    CHECK(filter("mmap", mapping(PROT_READ | PROT_EXEC)) == allowed);
    CHECK(filter("mmap", mapping(PROT_READ | PROT_WRITE)) == allowed);
    for (const std::string_view call : {"mprotect", "pkey_mprotect"}) {
        CHECK(filter(call, mapping(PROT_EXEC)) == answers(EPERM));
        CHECK(filter(call, mapping(PROT_READ | PROT_EXEC | above)) == answers(EPERM));
        CHECK(filter(call, mapping(PROT_READ | PROT_WRITE)) == allowed);
    }
    CHECK(filter("shmat", {1, 0, SHM_EXEC}) == answers(EPERM));
    CHECK(filter("shmat", {1, 0, SHM_EXEC | SHM_RDONLY | above}) == answers(EPERM));
    CHECK(filter("shmat", {1, 0, SHM_RDONLY}) == allowed);
    CHECK(filter("personality", {READ_IMPLIES_EXEC}) == answers(EPERM));
    CHECK(filter("personality", {READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | above}) == answers(EPERM));
    CHECK(filter("personality", {ADDR_NO_RANDOMIZE}) == allowed);
    CHECK(filter("personality", {0xffffffff}) == allowed);
}

TEST_CASE("no file with a set-id bit is made", "[seccomp][S3]") {
    const UnitFilter filter{"suid_sgid = false"};

    for (const std::uint64_t bit :
         std::initializer_list<std::uint64_t>{S_ISUID, S_ISGID, S_ISUID | S_ISGID}) {
        for (const std::string_view call : {"chmod", "fchmod", "mkdir", "mknod", "creat"}) {
            CAPTURE(call, bit);
            CHECK(filter(call, {1, bit | 0755}) == answers(EPERM));
            CHECK(filter(call, {1, bit | 0755 | above}) == answers(EPERM));
            CHECK(filter(call, {1, 01755}) == allowed);
        }
        for (const std::string_view call : {"fchmodat", "fchmodat2", "mkdirat", "mknodat"}) {
            CAPTURE(call, bit);
            CHECK(filter(call, {1, 1, bit | 0755}) == answers(EPERM));
            CHECK(filter(call, {1, bit, 0755}) == allowed);
        }
        for (const std::uint64_t flag :
             std::initializer_list<std::uint64_t>{O_CREAT, O_TMPFILE, O_TMPFILE & ~O_DIRECTORY}) {
            CHECK(filter("open", {1, flag | O_WRONLY, bit}) == answers(EPERM));
            CHECK(filter("openat", {1, 1, flag | O_WRONLY | above, bit | above}) == answers(EPERM));
        }
        // Without a file to make, the mode is whatever is left in the register.
        CHECK(filter("open", {1, O_WRONLY | O_DIRECTORY, bit}) == allowed);
        CHECK(filter("openat", {1, 1, O_RDONLY, bit}) == allowed);
    }
    CHECK(filter("openat2") == answers(ENOSYS));
    CHECK(filter("io_uring_setup") == answers(ENOSYS));
}

TEST_CASE("no realtime policy is set", "[seccomp][S3]") {
    const UnitFilter filter{"realtime = false"};

    for (std::uint64_t policy = 0; policy < 16; ++policy) {
        CAPTURE(policy);
        const bool is_usual =
            policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
        const std::uint32_t expected = is_usual ? allowed : answers(EPERM);
        CHECK(filter("sched_setscheduler", {0, policy}) == expected);
        CHECK(filter("sched_setscheduler", {0, policy | SCHED_RESET_ON_FORK}) == expected);
        CHECK(filter("sched_setscheduler", {0, policy | above}) == expected);
    }
    CHECK(filter("sched_setattr") == answers(ENOSYS));
    CHECK(filter("sched_setparam") == allowed);
}

TEST_CASE("the personality is asked for and not changed", "[seccomp][S3]") {
    const UnitFilter filter{"personality = false"};

    CHECK(filter("personality", {0xffffffff}) == allowed);
    CHECK(filter("personality", {0xffffffff | above}) == allowed);
    CHECK(filter("personality", {PER_LINUX}) == allowed);
    for (const std::uint64_t value :
         {std::uint64_t{ADDR_NO_RANDOMIZE}, std::uint64_t{READ_IMPLIES_EXEC},
          std::uint64_t{PER_LINUX32}, ADDR_NO_RANDOMIZE | above, std::uint64_t{0xfffffffe}}) {
        CAPTURE(value);
        CHECK(filter("personality", {value}) == answers(EPERM));
    }
}

namespace {

// Every known call with each of these values in each of its places, the others being 0 or full.
Names ever_denied(const UnitFilter& filter, SyscallAbi abi) {
    constexpr std::uint64_t values[] = {0,
                                        1,
                                        2,
                                        3,
                                        5,
                                        7,
                                        17,
                                        S_ISUID,
                                        S_ISGID,
                                        0x41,
                                        0x80,
                                        0x5412,
                                        SHM_EXEC,
                                        CLONE_NEWNS,
                                        0x7e020000,
                                        0x40000002,
                                        0x0400000,
                                        0x00040000,
                                        0xffff,
                                        0xffffffff,
                                        0x100000000,
                                        0x100000002,
                                        ~std::uint64_t{0}};
    std::set<std::string> names;
    for (const std::uint64_t rest : {std::uint64_t{0}, ~std::uint64_t{0}}) {
        for (std::size_t place = 0; place < syscall_argument_count; ++place) {
            for (const std::uint64_t value : values) {
                SyscallArguments arguments;
                arguments.fill(rest);
                arguments.at(place) = value;
                const Names denied = calls_denied(filter, arguments, abi);
                names.insert(denied.begin(), denied.end());
            }
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace

TEST_CASE("a restriction touches the calls that it is about, and no other", "[seccomp][X16]") {
    struct Reach {
        std::string key;
        Names native;
        Names x86;  // beside those
    };
    const Reach reaches[] = {
        {"address_families = ['unix']",
         {"io_uring_enter", "io_uring_register", "io_uring_setup", "socket", "socketpair"},
         {"ipc", "socketcall"}},
        {"namespaces = false", {"clone", "clone3", "setns", "unshare"}, {}},
        {"memory_deny_write_execute = true",
         {"mmap", "mprotect", "personality", "pkey_mprotect", "shmat"},
         {"ipc", "mmap2"}},
        {"suid_sgid = false",
         {"chmod", "creat", "fchmod", "fchmodat", "fchmodat2", "io_uring_enter",
          "io_uring_register", "io_uring_setup", "mkdir", "mkdirat", "mknod", "mknodat", "open",
          "openat", "openat2"},
         {}},
        {"realtime = false", {"sched_setattr", "sched_setscheduler"}, {}},
        {"personality = false", {"personality"}, {}},
    };
    for (const Reach& reach : reaches) {
        CAPTURE(reach.key);
        const UnitFilter native{reach.key};
        CHECK(ever_denied(native, SyscallAbi::native) == reach.native);
#if defined(__x86_64__)
        const UnitFilter both{reach.key + "\narchitectures = ['native', 'x86']"};
        Names expected = reach.native;
        expected.insert(expected.end(), reach.x86.begin(), reach.x86.end());
        std::ranges::sort(expected);
        CHECK(ever_denied(both, SyscallAbi::native) == reach.native);
        CHECK(ever_denied(both, SyscallAbi::x86) == expected);
#endif
    }
}

TEST_CASE("all restrictions together are one small program", "[seccomp]") {
    const UnitFilter filter{
        "default = 'EPERM'\nallow = ['@system-service']\n"
        "address_families = ['unix', 'inet', 'inet6', 'netlink']\n"
        "namespaces = false\nmemory_deny_write_execute = true\n"
        "suid_sgid = false\nrealtime = false\npersonality = false\n"
        "architectures = ['native']"};

    CAPTURE(filter.program().size());
    CHECK(filter.program().size() < 250);
    CHECK(filter("read") == allowed);
    CHECK(filter("mmap", {0, 0, 7}) == answers(EPERM));
}

TEST_CASE("a value that says that nothing is taken takes nothing", "[seccomp]") {
    const UnitFilter filter{
        "suid_sgid = true\nrealtime = true\npersonality = true\n"
        "memory_deny_write_execute = false\nnamespaces = true\n"
        "address_families = ['~alg']\narchitectures = ['native']"};

    CHECK(calls_denied(filter, {0, 07777, 07777, 07777}) ==
          Names{"io_uring_enter", "io_uring_register", "io_uring_setup"});
}

TEST_CASE("wrong words of restrictions are told with their place", "[unit][H2]") {
    CHECK(table_faults("address_families = ['AF_INTE', 'unixx']") ==
          "web.toml:4:21: seccomp.address_families[0]: there is no socket family 'AF_INTE'; did "
          "you mean 'inet'?\n"
          "web.toml:4:32: seccomp.address_families[1]: there is no socket family 'unixx'; did you "
          "mean 'unix'?\n");
    CHECK(table_faults("address_families = ['unix', '~inet']") ==
          "web.toml:4:29: seccomp.address_families[1]: families and exceptions ('~') cannot be "
          "mixed in one list\n");
    CHECK(table_faults("address_families = 'unix'")
              .starts_with("web.toml:4:20: seccomp.address_families: expected an array of socket "
                           "families"));
    CHECK(table_faults("namespaces = ['usr']") ==
          "web.toml:4:15: seccomp.namespaces[0]: there is no namespace 'usr'; did you mean "
          "'user'?\n");
    CHECK(table_faults("namespaces = 'no'")
              .starts_with("web.toml:4:14: seccomp.namespaces: expected true, false, or an array"));
    for (const std::string key :
         {"memory_deny_write_execute", "suid_sgid", "realtime", "personality"}) {
        CHECK_THAT(table_faults(key + " = 1"),
                   Catch::Contains("seccomp." + key + ": expected true or false"));
    }
    CHECK(table_faults("architectures = ['x86']") ==
          "web.toml:4:17: seccomp.architectures: 'native' is missing, and the launch itself makes "
          "native calls\n");
    CHECK_THAT(
        table_faults("architectures = ['native', 'x32']"),
        Catch::Contains("web.toml:4:28: seccomp.architectures[1]: x32 is never let through"));
    CHECK_THAT(table_faults("architectures = ['native', 'x68']"),
               Catch::Contains("got 'x68'; did you mean 'x86'?"));
}

TEST_CASE("no realtime leaves no realtime limit", "[unit]") {
    const std::string table = std::string{minimal_service} + "[seccomp]\nrealtime = false\n";

    CHECK(faults(table + "[process]\nrlimits = { rtprio = 5 }\n") ==
          "web.toml:6:22: process.rlimits.rtprio: seccomp.realtime = false leaves no realtime "
          "priority\n");
    CHECK(faults(table + "[process]\nrlimits = { rtprio = 0 }\n") == "");
}

TEST_CASE("a restriction brings a filter, and so no_new_privs", "[unit][H17]") {
    CHECK(faults(std::string{minimal_service} +
                 "[capabilities]\nno_new_privs = false\n[seccomp]\nrealtime = false\n")
              .starts_with("web.toml:4:16: capabilities.no_new_privs: a system call filter needs"));
    CHECK(faults(std::string{minimal_service} + "[seccomp]\nallow = []\nrealtime = false\n") ==
          "web.toml:3:1: seccomp: by default every system call is forbidden and 'allow' names "
          "none, so that nothing could run\n");
}
