// SPDX-License-Identifier: Apache-2.0
// mounts.protect: what each preset takes away from a service, and what it leaves.
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <linux/capability.h>
#include <sys/syscall.h>

namespace confinit::testing {

namespace {

bool is_read_only(const std::string& mount) {
    return mount.starts_with("ro");
}

}  // namespace

TEST_CASE("system presets make what they name read-only, and no more", "[launch]") {
    const std::string preset = GENERATE("system", "system-full", "system-strict");
    const bool covers_etc = preset != "system";
    // Nothing is written where a preset leaves the host's own files writable.
    std::vector<std::string> commands{"write:/usr/x", "mount:/", "mount:/etc", "mount:/proc",
                                      "write:/root/confinit-x"};
    if (covers_etc) commands.emplace_back("write:/etc/x");
    const MountUnit unit{commands, "[mounts]\nprotect = ['" + preset + "']\ntmpfs = ['/root']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:/usr/x"] == "EROFS");
    if (covers_etc) CHECK(launch["write:/etc/x"] == "EROFS");
    CHECK(is_read_only(launch["mount:/etc"]) == (preset == "system-full"));
    CHECK(is_read_only(launch["mount:/"]) == (preset == "system-strict"));
    CHECK_FALSE(is_read_only(launch["mount:/proc"]));
    CHECK(launch["write:/root/confinit-x"] == "ok");
}

TEST_CASE("home presets hide, freeze or empty the home directories", "[launch]") {
    const std::string preset =
        GENERATE("'home'", "'home-read-only'", "'home-tmpfs'", "'system-strict', 'home-tmpfs'");
    const MountUnit unit{{"mount:/root", "write:/root/confinit-x", "file:/root", "list:/root"},
                         "[mounts]\nprotect = [" + preset + "]\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(is_read_only(launch["mount:/root"]));
    CHECK(launch["write:/root/confinit-x"] == "EROFS");
    CHECK(launch["file:/root"].starts_with("directory 0000") == (preset == "'home'"));
    if (preset != "'home-read-only'") CHECK(launch["list:/root"].empty());
}

TEST_CASE("the kernel's settings are read-only and its memory is hidden", "[launch]") {
    const MountUnit unit{
        {"write:/proc/sys/kernel/hostname", "mount:/proc/sys", "mount:/sys", "read:/proc/kallsyms",
         "file:/proc/kcore", "read:/proc/sys/kernel/ostype"},
        "[mounts]\nprotect = ['kernel-tunables']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:/proc/sys/kernel/hostname"] == "EROFS");
    CHECK(is_read_only(launch["mount:/proc/sys"]));
    CHECK(is_read_only(launch["mount:/sys"]));
    CHECK(launch["read:/proc/kallsyms"].empty());
    const bool is_hidden = launch["file:/proc/kcore"].starts_with("file 0000");
    CHECK((is_hidden || launch["file:/proc/kcore"] == "ENOENT"));
    CHECK(launch["read:/proc/sys/kernel/ostype"].starts_with("Linux"));
}

TEST_CASE("presets of rights take capabilities away and bring one filter, and verify knows",
          "[launch][H7]") {
    const MountUnit unit{
        {"wait"},
        "[mounts]\nprotect = ['kernel-modules', 'kernel-logs', 'clock', 'hostname', 'cgroups']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const std::uint64_t bounding = std::stoull(status_of(launch.main.pid(), "CapBnd"), nullptr, 16);
    const std::string mode = status_of(launch.main.pid(), "Seccomp");
    std::vector<VerifyItem> items;
    for (const char* key :
         {"mounts.protect[0]", "mounts.protect[1]", "mounts.protect[2]", "mounts.protect[3]"}) {
        items.push_back(unit.verified(plan, launch, key));
    }
    launch.signal(SIGTERM);
    launch.finish();

    for (const int gone : {CAP_SYS_MODULE, CAP_SYSLOG, CAP_SYS_TIME, CAP_WAKE_ALARM})
        CHECK((bounding >> gone & 1) == 0);
    CHECK((bounding >> CAP_CHOWN & 1) == 1);
    CHECK(mode == "2");
    for (const VerifyItem& item : items) {
        INFO(item.key << " " << item.in_force);
        CHECK_FALSE(item.differs());
    }
    CHECK(items[2].declared == "clock");
}

TEST_CASE("a preset that cannot be set is told by its key and path", "[launch][H3][H4]") {
    const MountUnit unit{{"ids"}, "[mounts]\nprotect = ['clock', 'system']\n"};
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = SYS_mount_setattr, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "mounts.protect[1]");
    CHECK(failure.object == "/usr");
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

}  // namespace confinit::testing
