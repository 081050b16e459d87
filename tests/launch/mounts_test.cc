// SPDX-License-Identifier: Apache-2.0
// The mounts of a launched service: what it sees, what it cannot write, and what stays outside.
#include "base/file.h"
#include "launch/own_finding.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

const std::uint64_t null_device = makedev(1, 3);

std::string mount_table() {
    return read_file(AT_FDCWD, "/proc/self/mountinfo").value();
}

}  // namespace

TEST_CASE("a private tmp is empty, writable, and not the host's", "[launch]") {
    const TestDirectory directory;
    const std::string tmp = directory / "tmp";
    directory.make_file("marker", "");
    directory.make_directory("tmp");
    directory.make_file("tmp/of_host", "");
    Scene scene{{"list:" + tmp, "write:" + tmp + "/new", "file:" + tmp, "mount:" + tmp}};
    scene.child.uid = 65534;
    scene.mount({.kind = MountOpKind::tmpfs,
                 .source = "size=1M",
                 .target = tmp.c_str(),
                 .options = "1777"});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["list:" + tmp].empty());
    CHECK(launch["write:" + tmp + "/new"] == "ok");
    CHECK(launch["file:" + tmp].starts_with("directory 1777"));
    CHECK(launch["mount:" + tmp] == "rw,nosuid,nodev,relatime tmpfs");
    CHECK_FALSE(exists(tmp + "/new"));
}

TEST_CASE("a read-only root is so down to the last mount, but for what stays writable",
          "[launch][S13]") {
    const TestDirectory directory;
    directory.make_directory("state");
    const std::string state = directory / "state";
    Scene scene{{"write:/etc/x", "write:" + directory / "x", "write:" + state + "/x", "mount:/",
                 "write:/dev/shm/confinit-test"}};
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    scene.mount({.kind = MountOpKind::read_write, .target = state.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write:/etc/x"] == "EROFS");
    CHECK(launch["write:" + directory / "x"] == "EROFS");
    CHECK(launch["write:/dev/shm/confinit-test"] == "EROFS");
    CHECK(launch["write:" + state + "/x"] == "ok");
    CHECK(launch["mount:/"].starts_with("ro"));
    CHECK(exists(state + "/x"));
    CHECK_FALSE(exists("/etc/x"));
}

TEST_CASE("a path that is read-only on the host does not become writable", "[launch][S13]") {
    const TestDirectory directory;
    directory.make_directory("data/inner");
    const std::string data = directory / "data";
    const std::string inner = data + "/inner";
    // An outer launch is the host of this test: its bind is read-only, the inner path must stay so.
    Scene scene{{"write:" + data + "/x", "write:" + inner + "/x"}};
    scene.mount({.kind = MountOpKind::bind,
                 .source = inner.c_str(),
                 .target = inner.c_str(),
                 .attributes = MOUNT_ATTR_RDONLY,
                 .recursive = true});
    scene.mount({.kind = MountOpKind::read_only, .target = data.c_str()});
    scene.mount({.kind = MountOpKind::read_only, .target = inner.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write:" + data + "/x"] == "EROFS");
    CHECK(launch["write:" + inner + "/x"] == "EROFS");
}

TEST_CASE("a writable path inside of a mount of ours is made writable", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("source/state");
    directory.make_directory("target");
    const std::string source = directory / "source";
    const std::string target = directory / "target";
    const std::string state = target + "/state";
    Scene scene{{"write:" + target + "/x", "write:" + state + "/x"}};
    scene.mount({.kind = MountOpKind::bind,
                 .source = source.c_str(),
                 .target = target.c_str(),
                 .attributes = MOUNT_ATTR_RDONLY,
                 .recursive = true});
    scene.mount({.kind = MountOpKind::read_write, .target = state.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write:" + target + "/x"] == "EROFS");
    CHECK(launch["write:" + state + "/x"] == "ok");
    CHECK(exists(source + "/state/x"));
}

TEST_CASE("what is inaccessible shows neither names nor bytes, even to root", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("closed");
    directory.make_file("closed/secret", "secret");
    directory.make_file("file", "secret");
    directory.make_file("cover", "", 0);
    const std::string closed = directory / "closed";
    const std::string file = directory / "file";
    const std::string cover = directory / "cover";
    Scene scene{{"list:" + closed, "open:" + closed + "/secret", "read:" + file, "file:" + file,
                 "file:" + closed, "write:" + file, "mount:" + closed}};
    scene.mount(
        {.kind = MountOpKind::inaccessible, .source = cover.c_str(), .target = closed.c_str()});
    scene.mount(
        {.kind = MountOpKind::inaccessible, .source = cover.c_str(), .target = file.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["list:" + closed].empty());
    CHECK(launch["open:" + closed + "/secret"] == "ENOENT");
    CHECK(launch["read:" + file].empty());
    CHECK(launch["file:" + file].starts_with("file 0000"));
    CHECK(launch["file:" + closed].starts_with("directory 0000"));
    CHECK(launch["write:" + file] == "EROFS");
    CHECK(launch["mount:" + closed] == "ro,nosuid,nodev,noexec,relatime tmpfs");
}

TEST_CASE("an inaccessible path is closed to a user without capabilities", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("closed");
    const std::string closed = directory / "closed";
    Scene scene{{"list:" + closed}};
    scene.child.uid = 65534;
    scene.mount({.kind = MountOpKind::inaccessible, .target = closed.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["list:" + closed] == "EACCES");
}

TEST_CASE("a bind shows its source at its target, read-only when it is declared so", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("source");
    directory.make_directory("target");
    directory.make_file("source/file", "text");
    const std::string source = directory / "source";
    const std::string target = directory / "target";
    const bool read_only = GENERATE(false, true);
    Scene scene{
        {"read:" + target + "/file", "write:" + target + "/new", "write:" + source + "/other"}};
    scene.mount({.kind = MountOpKind::bind,
                 .source = source.c_str(),
                 .target = target.c_str(),
                 .attributes = read_only ? std::uint64_t{MOUNT_ATTR_RDONLY} : 0,
                 .recursive = true});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["read:" + target + "/file"] == "text");
    CHECK(launch["write:" + target + "/new"] == (read_only ? "EROFS" : "ok"));
    CHECK(launch["write:" + source + "/other"] == "ok");
}

TEST_CASE("a bind that is not read-only stays writable below a read-only root", "[launch][S13]") {
    const TestDirectory directory;
    directory.make_directory("source");
    directory.make_directory("target");
    const std::string source = directory / "source";
    const std::string target = directory / "target";
    Scene scene{{"write:" + target + "/x", "write:" + source + "/y"}};
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    scene.mount({.kind = MountOpKind::bind, .source = source.c_str(), .target = target.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["write:" + target + "/x"] == "ok");
    CHECK(launch["write:" + source + "/y"] == "EROFS");
}

TEST_CASE("a bind's source is the host's, although an earlier mount covers it", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("tmp");
    directory.make_file("tmp/file", "of the host");
    directory.make_file("target", "");
    const std::string tmp = directory / "tmp";
    const std::string source = tmp + "/file";
    const std::string target = directory / "target";
    Scene scene{{"list:" + tmp, "read:" + target}};
    scene.mount({.kind = MountOpKind::tmpfs, .target = tmp.c_str(), .options = "1777"});
    scene.mount({.kind = MountOpKind::bind, .source = source.c_str(), .target = target.c_str()});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["list:" + tmp].empty());
    CHECK(launch["read:" + target] == "of the host");
}

TEST_CASE("a private dev has the declared nodes, links and terminals, and no other",
          "[launch][X8]") {
    Scene scene{{"list:/dev", "write:/dev/null", "file:/dev/null", "file:/dev/fd", "list:/dev/pts",
                 "write:/dev/new", "open:/dev/ptmx", "mount:/dev", "mount:/dev/null"}};
    scene.mount({.kind = MountOpKind::tmpfs,
                 .source = "size=64k",
                 .target = "/dev",
                 .options = "0755",
                 .attributes = MOUNT_ATTR_NOEXEC});
    scene.mount({.kind = MountOpKind::device_node,
                 .source = "/dev/null",
                 .target = "/dev/null",
                 .device = null_device});
    scene.mount({.kind = MountOpKind::directory, .target = "/dev/pts", .mode = 0755});
    scene.mount({.kind = MountOpKind::devpts, .target = "/dev/pts"});
    scene.mount({.kind = MountOpKind::symlink, .source = "pts/ptmx", .target = "/dev/ptmx"});
    scene.mount({.kind = MountOpKind::symlink, .source = "/proc/self/fd", .target = "/dev/fd"});
    scene.mount({.kind = MountOpKind::directory, .target = "/dev/mqueue", .mode = 01777});
    scene.mount({.kind = MountOpKind::mqueue, .target = "/dev/mqueue"});
    scene.mount({.kind = MountOpKind::read_only, .target = "/dev"});

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["list:/dev"] == "fd mqueue null ptmx pts");
    CHECK(launch["file:/dev/null"].starts_with("device 0666 103"));
    CHECK(launch["write:/dev/null"] == "ok");
    CHECK(launch["file:/dev/fd"].starts_with("link"));
    CHECK(launch["list:/dev/pts"] == "ptmx");
    CHECK(launch["open:/dev/ptmx"] == "ok");
    CHECK(launch["write:/dev/new"] == "EROFS");
    CHECK(launch["mount:/dev"] == "ro,nosuid,nodev,noexec,relatime tmpfs");
}

TEST_CASE("a device node that is another one than its name says is refused", "[launch][X8]") {
    const TestDirectory directory;
    directory.make_file("null", "not a device");
    REQUIRE(symlink("/dev/null", (directory / "link").c_str()) == 0);
    const std::string false_null = directory / GENERATE("null", "link");
    Scene scene{{"ids"}};
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/dev", .options = "0755"});
    scene.mount({.kind = MountOpKind::device_node,
                 .source = false_null.c_str(),
                 .target = "/dev/null",
                 .device = null_device});

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::mounts);
    CHECK(launch.failed->item == 2);
    CHECK(launch.failed->error == ENXIO);
    CHECK(launch.failed->syscall == own_finding);
    CHECK(launch.output.empty());
}

TEST_CASE("a procfs of its own shows the service's namespace, and can hide others", "[launch]") {
    const char* options = GENERATE(static_cast<const char*>(nullptr), "hidepid=invisible",
                                   "subset=pid", "hidepid=2,subset=pid");
    Scene scene{
        {"list:/proc", "mount:/proc", "open:/proc/sys/kernel/ostype", "open:/proc/1/status"}};
    scene.child.uid = 65534;
    scene.child.gid = 65534;
    scene.child.bounding = 0;
    scene.with_reaper();
    scene.mount({.kind = MountOpKind::proc, .target = "/proc", .options = options});

    Launch launch{scene};
    launch.finish();

    const std::string given = options != nullptr ? options : "";
    INFO("options " << given);
    const bool is_subset = given.find("subset") != std::string::npos;
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["mount:/proc"] == "rw,nosuid,nodev,noexec,relatime proc");
    CHECK(launch["list:/proc"].find(std::to_string(getpid())) == std::string::npos);
    CHECK(launch["open:/proc/sys/kernel/ostype"] == (is_subset ? "ENOENT" : "ok"));
    CHECK(launch["open:/proc/1/status"] ==
          (given.find("hidepid") != std::string::npos ? "ENOENT" : "ok"));
}

TEST_CASE("nothing that a service mounts shows on the host", "[launch][S13]") {
    const std::string before = mount_table();
    Scene scene{{"wait"}};
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/tmp", .options = "1777"});
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    const std::string during = mount_table();
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(during == before);
    CHECK(mount_table() == before);
}

TEST_CASE("a source that is missing on the host is told with its path", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.mount({.kind = MountOpKind::bind, .source = "/no/such/source", .target = "/tmp"},
                "mounts.bind[0]");

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(scene.sealed(), *launch.failed);
    CHECK(failure.key == "mounts.bind[0]");
    CHECK(failure.object == "/no/such/source");
    CHECK(failure.error == ENOENT);
    CHECK(launch.output.empty());
}

}  // namespace confinit::testing
