// SPDX-License-Identifier: Apache-2.0
// A root directory of a service's own: nothing of the host's is in it, and nothing leads out of it.
#include "base/file.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace confinit::testing {

TEST_CASE("a service with a root of its own sees nothing of the host's", "[launch][M10]") {
    const TestDirectory directory;
    directory.make_directory("root/etc");
    directory.make_directory("root/proc");
    directory.make_directory("root/dev");
    directory.make_file("root/etc/os-release", "inner");
    directory.copy_probe("root/probe");
    REQUIRE(symlink("/etc", (directory / "root/link").c_str()) == 0);
    directory.make_file("outside", "bound");
    const std::string root = directory / "root";
    const std::string outside = directory / "outside";
    Scene scene{{"list:/", "read:/etc/os-release", "file:" + outside, "process", "mount:/",
                 "list:/proc/1/fd", "list:/../../.."}};
    scene.plan.executable = "/probe";
    scene.child.root = root.c_str();
    scene.with_reaper();
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});
    // The link leads into the service's root, not to the host's /etc.
    scene.mount({.kind = MountOpKind::bind,
                 .source = outside.c_str(),
                 .target = "/link/os-release",
                 .attributes = MOUNT_ATTR_RDONLY});
    scene.mount({.kind = MountOpKind::change_root});

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["list:/"] == "dev etc link probe proc");
    CHECK(launch["list:/../../.."] == "dev etc link probe proc");
    CHECK(launch["read:/etc/os-release"] == "bound");
    CHECK(launch["file:" + outside] == "ENOENT");
    CHECK(launch["cwd"] == "/");
    CHECK(read_file(AT_FDCWD, root + "/etc/os-release").value() == "inner");
}

TEST_CASE("a root that is read-only lets nothing be written into it", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("root/tmp");
    directory.copy_probe("root/probe");
    const std::string root = directory / "root";
    Scene scene{{"write:/x", "write:/tmp/x"}};
    scene.plan.executable = "/probe";
    scene.child.root = root.c_str();
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/tmp", .options = "1777"});
    scene.mount({.kind = MountOpKind::change_root});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write:/x"] == "EROFS");
    CHECK(launch["write:/tmp/x"] == "ok");
    CHECK_FALSE(exists(root + "/x"));
    CHECK_FALSE(exists(root + "/tmp/x"));
}

TEST_CASE("a link in the service's root cannot lead a mount out of it", "[launch][X7]") {
    const TestDirectory directory;
    directory.make_directory("root");
    directory.make_directory("victim");
    directory.copy_probe("root/probe");
    const std::string root = directory / "root";
    const std::string victim = directory / "victim";
    REQUIRE(symlink(("../../../../../../.." + victim).c_str(), (root + "/escape").c_str()) == 0);
    Scene scene{{"ids"}};
    scene.plan.executable = "/probe";
    scene.child.root = root.c_str();
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/escape", .options = "0755"},
                "mounts.tmpfs[0]");
    scene.mount({.kind = MountOpKind::change_root});

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(scene.sealed(), *launch.failed);
    CHECK(failure.key == "mounts.tmpfs[0]");
    CHECK(failure.object == "/escape");
    CHECK(failure.error == ENOENT);
    CHECK(failure.call == "openat2");
    CHECK_FALSE(failure.hint.empty());
}

TEST_CASE("a root that is missing is told with its path", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.child.root = "/no/such/root";
    scene.mount({.kind = MountOpKind::change_root});

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(scene.sealed(), *launch.failed);
    CHECK(failure.key == "mounts.root");
    CHECK(failure.object == "/no/such/root");
    CHECK(failure.error == ENOENT);
}

}  // namespace confinit::testing
