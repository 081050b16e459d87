// SPDX-License-Identifier: Apache-2.0
// Mounts that meet: one on the root itself with others in it, a link at a bind's target, and walls
// that what the host mounts later does not come through.
#include "base/file.h"
#include "kernel/mount_namespace.h"
#include "kernel/proc_status.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>

namespace confinit::testing {

namespace {

std::string failure_text(const LaunchPlan& plan, const Launch& launch) {
    return launch.failed ? explain(plan, *launch.failed).text() : "";
}

// The folder of the unit's own probe, which an empty root has to be given.
std::string folder_of(const Unit& unit) {
    const std::string& program = unit.service->command.front();
    return program.substr(0, program.rfind('/'));
}

}  // namespace

TEST_CASE("a tmpfs on the root is all that there is, with what is bound into it", "[launch][N14]") {
    const bool is_sealed = GENERATE(false, true);
    const TestDirectory directory;
    directory.make_file("file", "text");
    MountUnit unit{{"list:/", "read:/etc/deep/file", "write:/new", "wait"},
                   std::string{"[mounts]\ntmpfs = ['/']\nbind = ['"} + directory / "file" +
                       ":/etc/deep/file']\n" + (is_sealed ? "read_only = ['/']\n" : "")};
    const std::string folder = folder_of(unit.unit);
    unit.unit.mounts.bind.push_back({.source = folder, .target = folder});
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem root = unit.verified(plan, launch, "mounts.tmpfs[0]");
    const VerifyItem bind = unit.verified(plan, launch, "mounts.bind[0]");
    launch.signal(SIGTERM);
    launch.finish();

    INFO(failure_text(plan, launch) << root.in_force << bind.in_force);
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["list:/"] == "etc " + folder.substr(1, folder.find('/', 1) - 1));
    CHECK(launch["read:/etc/deep/file"] == "text");
    CHECK((launch["write:/new"] == "ok") == !is_sealed);
    CHECK_FALSE(root.differs());
    CHECK_FALSE(bind.differs());
    CHECK_FALSE(exists("/new"));
    CHECK_FALSE(exists("/etc/deep"));
}

TEST_CASE("a tmpfs on the root covers a root of the service's own", "[launch][N14]") {
    const TestDirectory directory;
    directory.make_directory("root");
    MountUnit unit{{"list:/"}, "[mounts]\nroot = '" + directory / "root" + "'\ntmpfs = ['/']\n"};
    const std::string folder = folder_of(unit.unit);
    unit.unit.mounts.bind.push_back({.source = folder, .target = folder});
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["list:/"] == folder.substr(1, folder.find('/', 1) - 1));
}

TEST_CASE("a file lies over a link that leads nowhere, and nothing is made", "[launch][N14][H4]") {
    const TestDirectory directory;
    directory.make_file("file", "text");
    const std::string link = directory / "link";
    std::filesystem::create_symlink(directory / "none", link);
    const MountUnit unit{{"read:" + link},
                         "[mounts]\nbind = ['" + directory / "file" + ":" + link + "']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["read:" + link] == "text");
    CHECK_FALSE(exists(directory / "none"));
    CHECK(std::filesystem::read_symlink(link) == directory / "none");
}

TEST_CASE("nothing that the host mounts later comes through a wall", "[launch][N11]") {
    const std::string propagation = GENERATE("", "propagation = 'slave'\n");
    const TestDirectory directory;
    for (const char* name : {"ro", "noexec", "source", "bound", "hidden"})
        directory.make_directory(name);
    const MountUnit unit{{"wait"},
                         "[mounts]\n" + propagation + "read_only = ['" + directory / "ro" +
                             "']\nno_exec = ['" + directory / "noexec" + "']\nbind = ['" +
                             directory / "source" + ":" + directory / "bound" +
                             ":ro']\ninaccessible = ['" + directory / "hidden" + "']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const auto process = open_process(launch.main.pid());
    REQUIRE(process);
    const auto table = read_mount_namespace(*process);
    launch.signal(SIGTERM);
    launch.finish();

    REQUIRE(table);
    const bool is_host_shared = [] {
        const auto own = MountTable::read_own();
        return own && !own->find_mount("/")->propagation.empty();
    }();
    for (const char* name : {"ro", "noexec", "bound", "hidden"}) {
        INFO(name);
        const Mount* mount = table->find_mount(directory / name);
        REQUIRE(mount->target == directory / name);
        const bool is_private = mount->propagation.empty();
        if (propagation.empty()) CHECK(is_private);
        // An inaccessible path is covered by a mount of the launch's own.
        if (!propagation.empty() && is_host_shared && std::string_view{name} != "hidden") {
            CHECK_FALSE(is_private);
        }
    }
}

TEST_CASE("the whole of a mount namespace is read, whatever root a process has", "[launch][N11]") {
    const TestDirectory directory;
    directory.make_directory("ro");
    const MountUnit unit{{"narrow:root", "wait"},
                         "[mounts]\nread_only = ['" + directory / "ro" + "']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const auto process = open_process(launch.main.pid());
    REQUIRE(process);
    const auto shown = MountTable::read(*process);
    const VerifyItem item = unit.verified(plan, launch, "mounts.read_only[0]");
    launch.signal(SIGTERM);
    launch.finish();

    REQUIRE(launch["narrow:root"] == "ok");
    REQUIRE(shown);
    const Mount* in_view = shown->find_mount(directory / "ro");
    CHECK((in_view == nullptr || in_view->target != directory / "ro"));
    INFO(item.in_force);
    CHECK_FALSE(item.differs());
}

}  // namespace confinit::testing
