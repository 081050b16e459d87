// SPDX-License-Identifier: Apache-2.0
// Where a service can execute: mounts.no_exec and mounts.exec beside what makes paths read-only.
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>

namespace confinit::testing {

namespace {

bool is_noexec(const std::string& mount) {
    return mount.find("noexec") != std::string::npos;
}

std::string test_root(const TestDirectory& directory) {
    return directory.path().substr(0, directory.path().rfind('/'));
}

}  // namespace

TEST_CASE("no_exec holds for all that is mounted below, but for what exec gives back", "[launch]") {
    const TestDirectory directory;
    for (const char* name : {"bin", "state", "bound"})
        directory.make_directory(name);
    const std::string bin = directory / "bin";
    const std::string state = directory / "state";
    const std::string bound = directory / "bound";
    // The probe lies in a directory beside this one.
    const MountUnit unit{{"mount:/", "mount:" + bin, "mount:" + state, "mount:" + bound,
                          "mount:/tmp", "write:" + bin + "/x", "write:" + state + "/x"},
                         "[mounts]\nread_only = ['/']\nno_exec = ['/', '" + bound +
                             "']\nexec = ['" + test_root(directory) + "', '" + bin +
                             "']\nread_write = ['" + state + "']\nbind = ['" + bin + ":" + bound +
                             "']\nprivate_tmp = true\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(is_noexec(launch["mount:/"]));
    CHECK(launch["mount:" + bin].starts_with("ro"));
    CHECK_FALSE(is_noexec(launch["mount:" + bin]));
    CHECK(launch["write:" + bin + "/x"] == "EROFS");
    CHECK(launch["write:" + state + "/x"] == "ok");
    CHECK_FALSE(is_noexec(launch["mount:" + state]));
    CHECK(is_noexec(launch["mount:" + bound]));
    CHECK(is_noexec(launch["mount:/tmp"]));
}

TEST_CASE("a writable path and a tmpfs within a no_exec one execute nothing", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("closed/state");
    directory.make_directory("closed/empty");
    const std::string closed = directory / "closed";
    const MountUnit unit{{"mount:" + closed, "mount:" + closed + "/state",
                          "mount:" + closed + "/empty", "write:" + closed + "/state/x", "wait"},
                         "[mounts]\nread_only = ['" + closed + "']\nno_exec = ['" + closed +
                             "']\nread_write = ['" + closed + "/state']\ntmpfs = ['" + closed +
                             "/empty']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem item = unit.verified(plan, launch, "mounts.no_exec[0]");
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(is_noexec(launch["mount:" + closed]));
    CHECK(is_noexec(launch["mount:" + closed + "/state"]));
    CHECK(is_noexec(launch["mount:" + closed + "/empty"]));
    CHECK(launch["write:" + closed + "/state/x"] == "ok");
    CHECK_FALSE(item.differs());
    CHECK(item.in_force == "noexec");
}

TEST_CASE("a program that lies in a no_exec path is not executed, and the key is named",
          "[launch][H6]") {
    const MountUnit unit{{"ids"}, "[mounts]\nno_exec = ['/']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const std::string text = explain(plan, *launch.failed).text();
    CHECK(text.find("EACCES") != std::string::npos);
    CHECK(text.find("mounts.no_exec[0] forbids") != std::string::npos);
    CHECK(launch.output.empty());
}

TEST_CASE("a no_exec or exec path that cannot be set is told by its key", "[launch][H3][H4]") {
    const TestDirectory directory;
    directory.make_directory("closed");
    const std::string closed = directory / "closed";
    const std::string key = GENERATE("no_exec", "exec");
    const MountUnit unit{{"ids"}, "[mounts]\n" + key + " = ['" + closed + "']\n"};
    const auto plan = unit.plan();
    const long call = key == "exec" ? SYS_move_mount : SYS_mount_setattr;

    std::optional<Launch> launch;
    run_with_fault({.call = call, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "mounts." + key + "[0]");
    CHECK(failure.object == closed);
    CHECK(failure.call == (key == "exec" ? "move_mount" : "mount_setattr"));
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

TEST_CASE("a no_exec path that does not exist is an error", "[launch][H4]") {
    const MountUnit unit{{"ids"}, "[mounts]\nno_exec = ['/no/such/path']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(
        explain(plan, *launch.failed)
            .text()
            .starts_with(
                "mounts.no_exec[0]: openat2 '/no/such/path': No such file or directory (ENOENT)"));
    CHECK(launch.output.empty());
}

TEST_CASE("what exec gives back of a tmpfs of the launch does not differ", "[launch][H7]") {
    const TestDirectory directory;
    const MountUnit unit{{"mount:/tmp", "wait"},
                         "[mounts]\nno_exec = ['/']\nexec = ['" + test_root(directory) +
                             "', '/tmp']\ntmpfs = ['/tmp']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem tmpfs = unit.verified(plan, launch, "mounts.tmpfs[0]");
    const VerifyItem exec = unit.verified(plan, launch, "mounts.exec[1]");
    launch.signal(SIGTERM);
    launch.finish();

    CHECK_FALSE(is_noexec(launch["mount:/tmp"]));
    INFO(tmpfs.in_force << "; " << exec.in_force);
    CHECK_FALSE(tmpfs.differs());
    CHECK(exec.in_force == "executable");
}

}  // namespace confinit::testing
