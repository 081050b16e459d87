// SPDX-License-Identifier: Apache-2.0
// mounts.propagation: what the tree of a service has become when its program runs.
#include "base/file.h"
#include "fault.h"
#include "kernel/mount_table.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

namespace confinit::testing {

TEST_CASE("the whole tree of a service has the declared propagation", "[launch][S13]") {
    const std::string word = GENERATE("private", "slave", "shared", "unbindable");
    const MountUnit unit{{"wait"}, "[mounts]\npropagation = '" + word + "'\nprivate_tmp = true\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const std::string file = "/proc/" + std::to_string(launch.main.pid()) + "/mountinfo";
    const auto table = MountTable::parse(read_file(AT_FDCWD, file).value());
    const VerifyItem item = unit.verified(plan, launch, "mounts.propagation");
    launch.signal(SIGTERM);
    launch.finish();

    REQUIRE(table);
    for (const Mount& mount : table->mounts()) {
        std::string in_force = "private";
        for (const std::string& peers : mount.propagation) {
            if (peers.starts_with("shared:")) in_force = "shared";
            if (peers == "unbindable") in_force = "unbindable";
            if (peers.starts_with("master:") && in_force == "private") in_force = "slave";
        }
        INFO(mount.target);
        // A mount that has nobody to follow is private, whatever a slave would be.
        CHECK((in_force == word || (word == "slave" && in_force == "private")));
    }
    INFO(item.in_force);
    CHECK_FALSE(item.differs());
    CHECK(item.declared == word);
}

TEST_CASE("a propagation that cannot be had is told, and nothing runs", "[launch][H3][H4]") {
    const MountUnit unit{{"ids"}, "[mounts]\npropagation = 'unbindable'\n"};
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = SYS_mount,
                    .action = SECCOMP_RET_ERRNO | EPERM,
                    .argument = 3,
                    .value = MS_UNBINDABLE | MS_REC},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    CHECK(explain(plan, *launch->failed).text() ==
          "mounts.propagation: mount '/': Operation not permitted (EPERM); the supervisor lacks "
          "CAP_SYS_ADMIN");
    CHECK(launch->output.empty());
}

}  // namespace confinit::testing
