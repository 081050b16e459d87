// SPDX-License-Identifier: Apache-2.0
// System calls by name and number, and what is and is not in our sets.
#include "kernel/syscall_sets.h"

#include "base/file.h"
#include "source_paths.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <seccomp.h>
#include <set>
#include <sys/syscall.h>

using namespace confinit;

namespace {

std::set<std::string_view> members(std::string_view set) {
    const auto names = syscalls_in_set(set);
    REQUIRE(names);
    return {names->begin(), names->end()};
}

bool holds_all(const std::set<std::string_view>& outer, const std::set<std::string_view>& inner) {
    return std::ranges::includes(outer, inner);
}

}  // namespace

TEST_CASE("names give the numbers of the kernel's headers", "[syscalls]") {
    CHECK(syscall_number("read") == SYS_read);
    CHECK(syscall_number("openat") == SYS_openat);
    CHECK(syscall_number("execve") == SYS_execve);
    CHECK(syscall_number("clone3") == SYS_clone3);
    CHECK(syscall_number("futex_waitv") == SYS_futex_waitv);
    CHECK(syscall_number("set_mempolicy_home_node") == SYS_set_mempolicy_home_node);
}

TEST_CASE("calls newer than libseccomp are known", "[syscalls][S1]") {
    CHECK(syscall_number("cachestat") == 451);
    CHECK(syscall_number("fchmodat2") == 452);
    CHECK(syscall_number("mseal") == 462);
    CHECK(syscall_number("open_tree_attr") == 467);
    CHECK(syscall_number("file_setattr") == 469);
    CHECK(syscall_name(467) == "open_tree_attr");
}

TEST_CASE("known calls come in the order of numbers, each with its name", "[syscalls]") {
    const auto numbers = known_syscalls();

    REQUIRE(numbers.size() > 300);
    CHECK(std::ranges::adjacent_find(numbers, std::ranges::greater_equal()) == numbers.end());
    for (const int number : numbers) {
        CAPTURE(number);
        CHECK(syscall_number(syscall_name(number)) == number);
    }
}

TEST_CASE("a number without a name is shown as a number", "[syscalls]") {
    CHECK(syscall_name(9999) == "syscall 9999");
    CHECK(syscall_name(-1) == "syscall -1");
    CHECK(syscall_name(SYS_chmod) == "chmod");
}

TEST_CASE("a call of another architecture is a name without a number", "[syscalls]") {
    for (const char* name : {"chown32", "mmap2", "riscv_hwprobe", "s390_pci_mmio_read"}) {
        CAPTURE(name);
        CHECK(is_syscall_name(name));
        CHECK_FALSE(syscall_number(name));
    }
}

TEST_CASE("what is no system call is not taken for one", "[syscalls]") {
    using namespace std::string_view_literals;
    for (const auto word : {""sv, "nonsense"sv, "READ"sv, "read "sv, "read\0x"sv, "@mount"sv,
                            "@nonsense"sv, "12"sv, "@"sv}) {
        CAPTURE(word);
        CHECK_FALSE(is_syscall_name(word));
        CHECK_FALSE(syscall_number(word));
    }
    CHECK_FALSE(is_syscall_name(std::string(1 << 20, 'a')));
}

TEST_CASE("the sets are those that users of systemd know, and @base", "[syscalls]") {
    const std::set<std::string_view> expected = {
        "@aio",           "@base",     "@basic-io",  "@chown",          "@clock",
        "@cpu-emulation", "@debug",    "@default",   "@file-system",    "@io-event",
        "@ipc",           "@keyring",  "@memlock",   "@module",         "@mount",
        "@network-io",    "@obsolete", "@pkey",      "@privileged",     "@process",
        "@raw-io",        "@reboot",   "@resources", "@sandbox",        "@setuid",
        "@signal",        "@swap",     "@sync",      "@system-service", "@timer"};

    std::set<std::string_view> found;
    for (const auto& set : syscall_sets())
        found.insert(set.name);

    CHECK(found == expected);
    CHECK(syscall_sets().size() == expected.size());
}

TEST_CASE("every member of a set is a call that libseccomp or we know, or a set", "[syscalls]") {
    // Known to no libseccomp of Debian 12.
    const std::set<std::string_view> too_new = {"riscv_hwprobe", "uretprobe"};
    for (const auto& set : syscall_sets()) {
        CHECK_FALSE(set.description.empty());
        CHECK_FALSE(set.members.empty());
        for (const auto member : set.members) {
            CAPTURE(set.name, member);
            const bool is_known = member.starts_with('@')
                                      ? syscalls_in_set(member).has_value()
                                      : syscall_number(member) || too_new.contains(member) ||
                                            seccomp_syscall_resolve_name(
                                                std::string(member).c_str()) != __NR_SCMP_ERROR;
            CHECK(is_known);
        }
    }
}

TEST_CASE("a set resolves to the names of this architecture, inner sets included", "[syscalls]") {
    const auto privileged = members("@privileged");

    CHECK(privileged.contains("chroot"));
    CHECK(holds_all(privileged, members("@chown")));
    CHECK_FALSE(privileged.contains("chown32"));
    CHECK_FALSE(privileged.contains("@chown"));
    CHECK(std::ranges::is_sorted(*syscalls_in_set("@privileged")));
    CHECK_FALSE(syscalls_in_set("@nonsense"));
    CHECK_FALSE(syscalls_in_set("mount"));
}

TEST_CASE("every set has a member here", "[syscalls]") {
    for (const auto& set : syscall_sets()) {
        CAPTURE(set.name);
        CHECK_FALSE(members(set.name).empty());
    }
}

TEST_CASE("@base starts programs of both libcs and ends them", "[syscalls][H13]") {
    const std::set<std::string_view> needed = {"access",
                                               "arch_prctl",
                                               "brk",
                                               "clock_gettime",
                                               "close",
                                               "execve",
                                               "exit",
                                               "exit_group",
                                               "fcntl",
                                               "fstat",
                                               "futex",
                                               "getrandom",
                                               "ioctl",
                                               "lseek",
                                               "madvise",
                                               "membarrier",
                                               "mmap",
                                               "mprotect",
                                               "mremap",
                                               "munmap",
                                               "newfstatat",
                                               "open",
                                               "openat",
                                               "pread64",
                                               "prlimit64",
                                               "read",
                                               "readlink",
                                               "rseq",
                                               "rt_sigaction",
                                               "rt_sigprocmask",
                                               "rt_sigreturn",
                                               "sched_getaffinity",
                                               "set_robust_list",
                                               "set_tid_address",
                                               "sigaltstack",
                                               "statx",
                                               "uname",
                                               "write",
                                               "writev"};

    CHECK(holds_all(members("@base"), needed));
}

TEST_CASE("@base reaches nothing outside of the process but files", "[syscalls]") {
    const auto base = members("@base");

    CHECK(base.size() < 110);
    for (const char* set : {"@mount", "@network-io", "@setuid", "@chown", "@debug", "@module",
                            "@keyring", "@sandbox", "@aio", "@raw-io", "@reboot", "@timer"}) {
        for (const auto name : members(set)) {
            CAPTURE(set, name);
            CHECK_FALSE(base.contains(name));
        }
    }
    for (const char* name :
         {"clone",  "clone3", "fork",         "vfork",  "unshare",  "setns",      "kill",
          "tkill",  "tgkill", "chmod",        "fchmod", "fchmodat", "fchmodat2",  "unlink",
          "rename", "mkdir",  "memfd_create", "pipe2",  "bpf",      "userfaultfd"}) {
        CAPTURE(name);
        CHECK_FALSE(base.contains(name));
    }
}

TEST_CASE("new calls stand beside the calls that they extend", "[syscalls][X16]") {
    CHECK(members("@mount").contains("open_tree_attr"));
    CHECK(members("@file-system").contains("fchmodat2"));
    CHECK(members("@file-system").contains("setxattrat"));
    CHECK(members("@default").contains("futex_wait"));
    CHECK(members("@process").contains("clone3"));
}

TEST_CASE("@system-service leaves out what an ordinary daemon does not do", "[syscalls]") {
    const auto service = members("@system-service");

    CHECK(holds_all(service, members("@base")));
    for (const char* set :
         {"@mount", "@module", "@clock", "@debug", "@raw-io", "@reboot", "@swap"}) {
        for (const auto name : members(set)) {
            CAPTURE(set, name);
            CHECK_FALSE(service.contains(name));
        }
    }
}

TEST_CASE("@system-service lets a program confine itself", "[syscalls][N18]") {
    const auto service = members("@system-service");

    for (const char* name : {"seccomp", "landlock_create_ruleset", "landlock_add_rule",
                             "landlock_restrict_self", "prctl", "capset"}) {
        CAPTURE(name);
        CHECK(service.contains(name));
    }
}

TEST_CASE("the words for suggestions are all calls and sets, sorted", "[syscalls][H2]") {
    const auto words = syscall_words();

    CHECK(std::ranges::adjacent_find(words, std::ranges::greater_equal()) == words.end());
    for (const char* word : {"chmod", "open_tree_attr", "chown32", "@mount", "@base"}) {
        CAPTURE(word);
        CHECK(std::ranges::binary_search(words, std::string_view(word)));
    }
}

namespace {

// "@sync: fdatasync fsync ...", a set a line, all in order.
std::string contents_of_all_sets() {
    std::set<std::string> lines;
    for (const SyscallSet& set : syscall_sets()) {
        std::string line = std::string{set.name} + ":";
        for (const auto member : std::set(set.members.begin(), set.members.end()))
            line.append(" ").append(member);
        lines.insert(std::move(line));
    }
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

}  // namespace

TEST_CASE("the sets of a version never change their meaning", "[syscalls][H13]") {
    // Who changes a set raises syscall_sets_version, and writes down what the new one means.
    const std::string file =
        CONFINIT_SOURCE "/tests/unit/syscall-sets-" + std::to_string(syscall_sets_version) + ".txt";

    const auto frozen = read_file(AT_FDCWD, file);

    REQUIRE(frozen);
    CHECK(contents_of_all_sets() == *frozen);
}
