// SPDX-License-Identifier: Apache-2.0
// How a service with a mount namespace sees the cgroup tree: read-only, or its own subtree alone.
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>

namespace confinit::testing {

namespace {

// A tmpfs of the service's own stands for the tree, so that nothing of the host's is written.
constexpr const char* tree = "/root";

}  // namespace

TEST_CASE("the tree is read-only unless the unit says otherwise", "[launch][G7]") {
    const bool is_said = GENERATE(false, true);
    MountUnit unit{
        {"write:/root/x"},
        std::string{"[mounts]\ntmpfs = ['/root']\n"} + (is_said ? "read_write = ['/root']\n" : "")};
    unit.cgroup_mount = tree;
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:/root/x"] == (is_said ? "ok" : "EROFS"));
}

TEST_CASE("verify knows whether the tree is read-only", "[launch][G7][H7]") {
    MountUnit unit{{"wait"}, "[mounts]\ntmpfs = ['/root']\n"};
    unit.cgroup_mount = tree;
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem item = unit.verified(plan, launch, "cgroup.delegate");
    launch.signal(SIGTERM);
    launch.finish();

    INFO(item.in_force);
    CHECK_FALSE(item.differs());
}

TEST_CASE("a tree that cannot be made read-only, or mounted, is told by its key",
          "[launch][G7][H3][H4]") {
    const bool is_own = GENERATE(false, true);
    MountUnit unit{{"ids"}, ""};
    unit.cgroup_mount = tree;
    unit.unit.cgroup_place.delegate = is_own;
    unit.unit.namespaces.cgroup = is_own;
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault(
        {.call = is_own ? SYS_fsopen : SYS_mount_setattr, .action = SECCOMP_RET_ERRNO | EIO},
        [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "cgroup.delegate");
    CHECK(failure.object == tree);
    CHECK(failure.call == (is_own ? "fsopen" : "mount_setattr"));
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

}  // namespace confinit::testing
