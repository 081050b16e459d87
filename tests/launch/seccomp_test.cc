// SPDX-License-Identifier: Apache-2.0
// Launches under a unit's filter: what it forbids is tried, and what it leaves works.
#include "filtered_probe.h"

#include <catch2/catch.hpp>
#include <sys/ioctl.h>
#include <sys/syscall.h>

using namespace confinit;
using namespace confinit::testing;

TEST_CASE("a rule on an argument holds for a request with bits above it", "[launch][S3]") {
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    // Descriptor 99 is not open, so that a request that passes the filter answers EBADF.
    const std::string denied = call(SYS_ioctl, {99, TIOCSTI});
    const std::string disguised = call(SYS_ioctl, {99, TIOCSTI | above});
    const std::string allowed = call(SYS_ioctl, {99, TCGETS});
    const FilteredProbe probe{{denied, disguised, allowed},
                              "default = 'allow'\nrules = [{ syscalls = ['ioctl'], action = "
                              "'EXDEV', args = [{ index = 1, op = 'eq', value = 0x5412 }] }]\n"};

    Launch launch{probe.plan()};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(launch[denied] == "EXDEV");
    CHECK(launch[disguised] == "EXDEV");
    CHECK(launch[allowed] == "EBADF");
}

namespace {

// As much of the shape of Docker's own as the probe needs.
constexpr std::string_view profile_text = R"({
    "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["bpf", "setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 18,
         "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errno": "EXDEV", "errnoRet": 1,
         "args": [{"index": 2, "value": 9, "valueTwo": 0, "op": "SCMP_CMP_EQ"},
                  {"index": 0, "value": 16, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]},
        {"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 18,
         "includes": {"minKernel": "4.8"}},
        {"names": ["sched_yield"], "action": "SCMP_ACT_ERRNO", "errnoRet": 18,
         "includes": {"arches": ["s390x"]}}]})";

}  // namespace

TEST_CASE("a container's profile is in force by the unit's own capabilities",
          "[launch][profile][S3]") {
    const TestDirectory directory;
    directory.make_file("profile.json", profile_text);
    constexpr std::uint64_t above = std::uint64_t{1} << 32;
    const std::string setns = call(SYS_setns, {99, 0});
    const std::string audit = call(SYS_socket, {16, 3, 9});
    const std::string disguised = call(SYS_socket, {16, 3, 9 | above});
    const std::string route = call(SYS_socket, {16, 3, 0});
    const std::string priority = call(SYS_getpriority, {0, 0});
    const std::string yield = call(SYS_sched_yield);
    const std::string chroot = call(SYS_chroot, {0});
    const std::vector<std::string> commands{setns,    audit, disguised, route,
                                            priority, yield, chroot};
    const std::string table =
        "profile = '" + (directory / "profile.json") + "'\ndeny = ['chroot:EXDEV']\n";
    const FilteredProbe bare{commands, table, "[capabilities]\nbounding = []"};
    const FilteredProbe able{commands, table, "[capabilities]\nbounding = ['sys_admin']"};

    Launch confined{bare.plan()};
    confined.finish();
    Launch trusted{able.plan()};
    trusted.finish();

    REQUIRE_FALSE(confined.failed);
    CHECK(confined[setns] == "EXDEV");
    REQUIRE_FALSE(trusted.failed);
    CHECK(trusted[setns] == "EBADF");
    for (const Launch* launch : {&confined, &trusted}) {
        CHECK((*launch)[audit] == "EXDEV");
        CHECK((*launch)[disguised] == "EXDEV");
        CHECK((*launch)[route] != "EXDEV");
        CHECK((*launch)[priority] == "EXDEV");
        CHECK((*launch)[yield] == "ok");
        CHECK((*launch)[chroot] == "EXDEV");
    }
}
