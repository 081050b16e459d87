// SPDX-License-Identifier: Apache-2.0
// What a container's profile decides under its conditions, and what the unit's own lists change.
#include "launch/seccomp/profile_policy.h"
#include "capability_bit.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "launch/seccomp/policy.h"
#include "temporary_directory.h"

#include "kernel/syscall_sets.h"
#include "unit/loader.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <linux/capability.h>
#include <linux/seccomp.h>

using namespace confinit;

namespace {

constexpr std::uint32_t error(int number) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number);
}

SeccompProfile profile_of(std::string_view text) {
    auto profile = read_seccomp_profile(text, kernel_vocabulary());
    if (!profile) FAIL(profile.error().front().place + ": " + profile.error().front().message);
    return std::move(*profile);
}

// A profile with these rules, which denies all else with EPERM. It speaks of a newer call than all
// that the tests ask for, so that these are not taken for unknown.
SeccompProfile with_rules(const std::string& rules) {
    return profile_of(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["futex_waitv"], "action": "SCMP_ACT_ALLOW"}, )" +
                      rules + "]}");
}

std::uint32_t decided(const SyscallPolicy& policy, std::string_view call,
                      const SyscallArguments& arguments = {}) {
    const auto number = static_cast<std::uint32_t>(syscall_number(call).value());
    return run_filter(compile_filter(policy), native_architecture, number, arguments);
}

std::uint32_t decided(const SeccompProfile& profile, std::string_view call,
                      const ProfileContext& context = {}) {
    return decided(make_profile_policy(profile, context), call);
}

// A unit's filter with this profile and these further lines of [seccomp].
class ProfiledUnit {
public:
    ProfiledUnit(std::string_view profile, std::string_view lines) {
        directory_.write("base.json", profile);
        directory_.write("web.toml",
                         "[service]\ncommand = ['/bin/true']\n[seccomp]\nprofile = "
                         "'base.json'\n" +
                             std::string{lines});
        auto unit = load_unit_file(directory_.path() + "/web.toml", {}, kernel_vocabulary());
        if (unit) {
            unit_ = std::move(*unit);
        } else {
            fault_ = unit.error().front().text();
        }
    }

    const std::string& fault() const { return fault_; }

    SyscallPolicy policy() const {
        if (!fault_.empty()) FAIL(fault_);
        auto policy = make_policy(*unit_.seccomp);
        if (!policy) FAIL(policy.error().text());
        return std::move(*policy);
    }

private:
    const TemporaryDirectory directory_;
    Unit unit_;
    std::string fault_;
};

constexpr std::string_view small_profile = R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
        {"names": ["execve", "read", "chmod", "clone", "clone3", "close_range", "cachestat"],
         "action": "SCMP_ACT_ALLOW"},
        {"names": ["ioctl"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 1, "value": 21505, "op": "SCMP_CMP_EQ"}]}]})";

}  // namespace

TEST_CASE("a group of calls applies by the unit's own capabilities", "[profile]") {
    const SeccompProfile profile = with_rules(
        R"({"names": ["reboot"], "action": "SCMP_ACT_ALLOW",
            "includes": {"caps": ["CAP_SYS_BOOT", "CAP_KILL"]}},
           {"names": ["mount"], "action": "SCMP_ACT_ALLOW",
            "excludes": {"caps": ["CAP_SYS_BOOT", "CAP_KILL"]}})");

    CHECK(decided(profile, "reboot", {.bounding = 0}) == error(EPERM));
    CHECK(decided(profile, "reboot", {.bounding = bit(CAP_SYS_BOOT)}) == error(EPERM));
    CHECK(decided(profile, "reboot", {.bounding = bit(CAP_SYS_BOOT) | bit(CAP_KILL)}) ==
          SECCOMP_RET_ALLOW);
    CHECK(decided(profile, "mount", {.bounding = 0}) == SECCOMP_RET_ALLOW);
    CHECK(decided(profile, "mount", {.bounding = bit(CAP_KILL)}) == error(EPERM));
}

TEST_CASE("a capability that is not known here is one that nobody has", "[profile]") {
    const SeccompProfile profile = with_rules(
        R"({"names": ["reboot"], "action": "SCMP_ACT_ALLOW",
            "includes": {"caps": ["CAP_BETTER"]}},
           {"names": ["mount"], "action": "SCMP_ACT_ALLOW",
            "excludes": {"caps": ["CAP_BETTER"]}})");

    CHECK(decided(profile, "reboot", {.bounding = ~CapabilityMask{0}}) == error(EPERM));
    CHECK(decided(profile, "mount", {.bounding = ~CapabilityMask{0}}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("a group of calls applies by architecture and kernel", "[profile]") {
    const SeccompProfile profile = with_rules(
        R"({"names": ["reboot"], "action": "SCMP_ACT_ALLOW",
            "includes": {"arches": ["s390x"]}},
           {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["s390x"]}},
           {"names": ["kill"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "arm64"]}},
           {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW",
            "includes": {"minKernel": "4.8"}},
           {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}})");

    CHECK(decided(profile, "reboot") == error(EPERM));
    CHECK(decided(profile, "mount") == SECCOMP_RET_ALLOW);
    CHECK(decided(profile, "kill") == SECCOMP_RET_ALLOW);
    for (const KernelVersion kernel : {KernelVersion{4, 8}, {4, 19}, {6, 1}}) {
        CHECK(decided(profile, "ptrace", {.kernel = kernel}) == SECCOMP_RET_ALLOW);
        CHECK(decided(profile, "bpf", {.kernel = kernel}) == error(EPERM));
    }
    for (const KernelVersion kernel : {KernelVersion{4, 7}, {3, 19}}) {
        CHECK(decided(profile, "ptrace", {.kernel = kernel}) == error(EPERM));
        CHECK(decided(profile, "bpf", {.kernel = kernel}) == SECCOMP_RET_ALLOW);
    }
}

TEST_CASE("the running kernel's version is read", "[profile]") {
    CHECK(running_kernel() > KernelVersion{5, 0});
    CHECK(parse_kernel_version("6.1.0-18-amd64") == KernelVersion{6, 1});
    CHECK(parse_kernel_version("5.4") == KernelVersion{5, 4});
    CHECK_FALSE(parse_kernel_version("6"));
    CHECK_FALSE(parse_kernel_version("v6.1"));
}

TEST_CASE("calls newer than a profile are not there, unless it lets calls through",
          "[profile][S1]") {
    const std::string calls = R"("syscalls": [{"names": ["execve", "futex_waitv"], "action": )";
    const SeccompProfile denying =
        profile_of(R"({"defaultAction": "SCMP_ACT_ERRNO", )" + calls + R"("SCMP_ACT_ALLOW"}]})");
    const SeccompProfile allowing =
        profile_of(R"({"defaultAction": "SCMP_ACT_ALLOW", )" + calls + R"("SCMP_ACT_LOG"}]})");

    CHECK(decided(denying, "openat2") == error(EPERM));
    CHECK(decided(denying, "fchmodat2") == error(ENOSYS));
    CHECK(decided(allowing, "fchmodat2") == SECCOMP_RET_ALLOW);
    for (const SeccompProfile* profile : {&denying, &allowing}) {
        const auto program = compile_filter(make_profile_policy(*profile, {}));
        CHECK(run_filter(program, native_architecture, 9999) == error(ENOSYS));
    }
}

TEST_CASE("a comparison of a 32-bit argument sees what the kernel sees", "[profile][S3]") {
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    const SyscallPolicy policy =
        make_profile_policy(with_rules(R"({"names": ["socket"], "action": "SCMP_ACT_ALLOW",
                       "args": [{"index": 2, "value": 9, "op": "SCMP_CMP_NE"}]},
                      {"names": ["openat"], "action": "SCMP_ACT_ALLOW",
                       "args": [{"index": 0, "value": 18446744073709551516, "op": "SCMP_CMP_EQ"}]},
                      {"names": ["setns"], "action": "SCMP_ACT_ALLOW",
                       "args": [{"index": 1, "value": 4294967296, "op": "SCMP_CMP_EQ"}]})"),
                            {});

    CHECK(decided(policy, "socket", {0, 0, 9}) == error(EPERM));
    CHECK(decided(policy, "socket", {0, 0, 9 | above}) == error(EPERM));
    CHECK(decided(policy, "socket", {0, 0, 8 | above}) == SECCOMP_RET_ALLOW);
    // -100 as the two ways in which a compiler passes it.
    CHECK(decided(policy, "openat", {0xffffff9c}) == SECCOMP_RET_ALLOW);
    CHECK(decided(policy, "openat", {0xffffffffffffff9c}) == SECCOMP_RET_ALLOW);
    CHECK(decided(policy, "openat", {0xffffff9d}) == error(EPERM));
    CHECK(decided(policy, "setns", {0, above}) == error(EPERM));
    CHECK(decided(policy, "setns", {0, 0}) == error(EPERM));
}

TEST_CASE("of overlapping rules the nearer one wins wherever it stands", "[profile]") {
    const std::string one = R"({"names": ["lseek"], "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 1, "value": 0, "op": "SCMP_CMP_GE"}]})";
    const std::string other = R"({"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7,
        "args": [{"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}]})";

    for (const std::string& rules : {one + "," + other, other + "," + one}) {
        const SyscallPolicy policy = make_profile_policy(with_rules(rules), {});
        CHECK(decided(policy, "lseek", {0, 5}) == error(7));
        CHECK(decided(policy, "lseek", {0, 6}) == SECCOMP_RET_ALLOW);
    }
}

TEST_CASE("in our own order the first rule that holds decides", "[profile]") {
    const SyscallPolicy policy = make_profile_policy(
        profile_of(
            R"({"defaultAction": "SCMP_ACT_KILL_PROCESS", "confinit": {"order": "first-match"},
            "syscalls": [
                {"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7, "args": [
                    {"index": 1, "value": 5, "op": "SCMP_CMP_GT"},
                    {"index": 1, "value": 9, "op": "SCMP_CMP_LT"}]},
                {"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "errnoRet": 8, "args": [
                    {"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}]},
                {"names": ["lseek"], "action": "SCMP_ACT_ALLOW"}]})"),
        {});

    CHECK(decided(policy, "lseek", {0, 7}) == error(7));
    CHECK(decided(policy, "lseek", {0, 5}) == SECCOMP_RET_ALLOW);
    CHECK(decided(policy, "lseek", {0, 9}) == SECCOMP_RET_ALLOW);
}

TEST_CASE("the unit's lists and rules win over its profile", "[profile]") {
    const ProfiledUnit unit{small_profile,
                            "deny = ['chmod', 'read:EIO']\nallow = ['mount', 'lseek:log']\n"
                            "rules = [{ syscalls = ['ioctl'], action = 'EXDEV', args = [{ index = "
                            "0, op = 'eq', value = 3 }] }]\n"};
    const SyscallPolicy policy = unit.policy();

    CHECK(decided(policy, "chmod") == error(EPERM));
    CHECK(decided(policy, "read") == error(EIO));
    CHECK(decided(policy, "mount") == SECCOMP_RET_ALLOW);
    CHECK(decided(policy, "lseek") == SECCOMP_RET_LOG);
    CHECK(decided(policy, "ioctl", {3, 21505}) == error(EXDEV));
    CHECK(decided(policy, "ioctl", {0, 21505}) == SECCOMP_RET_ALLOW);
    CHECK(decided(policy, "ioctl", {0, 21506}) == error(EPERM));
    CHECK(decided(policy, "write") == error(EPERM));
}

TEST_CASE("what a profile says of clone3 stays, and a unit's denial falls back", "[profile][S1]") {
    const ProfiledUnit kept{small_profile, ""};
    const ProfiledUnit denied{small_profile, "deny = ['clone3']\n"};
    const ProfiledUnit filtered{
        small_profile,
        "rules = [{ syscalls = ['clone'], action = 'EPERM', args = [{ index "
        "= 0, op = 'eq', value = 3 }] }]\n"};

    CHECK(decided(kept.policy(), "clone3") == SECCOMP_RET_ALLOW);
    CHECK(decided(denied.policy(), "clone3") == error(ENOSYS));
    CHECK(decided(filtered.policy(), "clone3") == error(ENOSYS));
}

TEST_CASE("a profile under which nothing could start does not load", "[profile][H3]") {
    const ProfiledUnit unit{
        R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": )"
        R"("SCMP_ACT_ALLOW"}]})",
        ""};
    const ProfiledUnit helped{
        R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": )"
        R"("SCMP_ACT_ALLOW"}]})",
        "allow = ['execve']\n"};

    CHECK(unit.fault().ends_with(
        "web.toml:4:11: seccomp.profile: it does not allow 'execve', but the launch itself must "
        "execute the program; list 'execve' in seccomp.allow"));
    CHECK(helped.fault().empty());
}

TEST_CASE("a profile holds for 32-bit programs where the unit declares them", "[profile][S2]") {
    const ProfiledUnit unit{R"({
        "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["execve", "read", "clone3"], "action": "SCMP_ACT_ALLOW"},
            {"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7}]})",
                            "architectures = ['native', 'x86']\n"};
    const auto program = compile_filter(unit.policy());
    const auto answer = [&](std::string_view call) {
        const auto number = syscall_number(call, SyscallAbi::x86).value();
        return run_filter(program, AUDIT_ARCH_I386, static_cast<std::uint32_t>(number));
    };

    CHECK(answer("read") == SECCOMP_RET_ALLOW);
    CHECK(answer("chmod") == error(7));
    CHECK(answer("write") == error(EPERM));
}

TEST_CASE("a profile closes no doors, and the unit's own denial does", "[profile][X16]") {
    const std::string profile = R"({
        "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["execve", "openat2", "io_uring_setup"], "action": "SCMP_ACT_ALLOW"},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_NE"}]}]})";
    const ProfiledUnit plain{profile, ""};
    const ProfiledUnit denying{profile, "deny = ['connect']\n"};

    CHECK(decided(plain.policy(), "io_uring_setup") == SECCOMP_RET_ALLOW);
    CHECK(decided(denying.policy(), "io_uring_setup") == error(ENOSYS));
    CHECK(decided(denying.policy(), "openat2") == SECCOMP_RET_ALLOW);
}
