// SPDX-License-Identifier: Apache-2.0
// What the launch makes for its mounts, and where: in its own file systems, and nowhere else.
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

std::string failure_text(const LaunchPlan& plan, const Launch& launch) {
    return launch.failed ? explain(plan, *launch.failed).text() : "";
}

}  // namespace

TEST_CASE("a file and a directory are bound into a tmpfs of the same launch", "[launch]") {
    const TestDirectory directory;
    directory.make_directory("tmp");
    directory.make_directory("source");
    directory.make_file("source/file", "text");
    const std::string tmp = directory / "tmp";
    const std::string source = directory / "source";
    const MountUnit unit{{"read:" + tmp + "/a/b/file", "read:" + tmp + "/c/file", "list:" + tmp,
                          "write:" + tmp + "/new", "file:" + tmp + "/a"},
                         "[mounts]\ntmpfs = ['" + tmp + "']\nbind = ['" + source + "/file:" + tmp +
                             "/a/b/file:ro', '" + source + ":" + tmp + "/c']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["read:" + tmp + "/a/b/file"] == "text");
    CHECK(launch["read:" + tmp + "/c/file"] == "text");
    CHECK(launch["list:" + tmp] == "a c");
    CHECK(launch["write:" + tmp + "/new"] == "ok");
    CHECK(launch["file:" + tmp + "/a"].starts_with("directory 0755"));
    // Nothing of it on the host.
    CHECK_FALSE(exists(tmp + "/a"));
    CHECK_FALSE(exists(tmp + "/c"));
}

TEST_CASE("a mount point that is missing on the host is not made there", "[launch][H4]") {
    const TestDirectory directory;
    directory.make_directory("source");
    const std::string target = directory / "missing";
    const MountUnit unit{{"ids"},
                         "[mounts]\nbind = ['" + directory / "source" + ":" + target + "']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(explain(plan, *launch.failed).object == target);
    CHECK_FALSE(exists(target));
}

TEST_CASE("an empty home takes a bind below it, and is read-only beside it", "[launch][H7]") {
    const TestDirectory directory;
    directory.make_directory("source");
    const std::string source = directory / "source";
    const MountUnit unit{
        {"write:/root/inner/x", "write:/root/x", "list:/root", "mount:/root", "wait"},
        "[mounts]\nprotect = ['home-tmpfs']\nbind = ['" + source + ":/root/inner']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem item = unit.verified(plan, launch, "mounts.protect[0]");
    launch.signal(SIGTERM);
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:/root/inner/x"] == "ok");
    CHECK(exists(source + "/x"));
    CHECK(launch["write:/root/x"] == "EROFS");
    CHECK(launch["list:/root"] == "inner");
    CHECK(launch["mount:/root"].starts_with("ro"));
    CHECK_FALSE(item.differs());
}

TEST_CASE("within a bind mount a path is no more writable or executable than on the host",
          "[launch][S13]") {
    use_own_mounts();
    const TestDirectory directory;
    for (const char* name : {"source/plain", "source/closed", "target"})
        directory.make_directory(name);
    const std::string source = directory / "source";
    const std::string target = directory / "target";
    const HostMount closed{source + "/closed", source + "/closed", MS_RDONLY | MS_NOEXEC};
    std::vector<std::string> commands;
    for (const char* name : {"/plain", "/closed"}) {
        commands.push_back("write:" + target + name + "/x");
        commands.push_back("mount:" + target + name);
    }
    commands.push_back("write:" + target + "/x");
    const MountUnit unit{commands, "[mounts]\nno_exec = ['" + target + "']\nbind = ['" + source +
                                       ":" + target + ":ro']\nread_write = ['" + target +
                                       "/plain', '" + target + "/closed']\nexec = ['" + target +
                                       "/plain', '" + target + "/closed']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:" + target + "/x"] == "EROFS");
    CHECK(launch["write:" + target + "/closed/x"] == "EROFS");
    CHECK(launch["mount:" + target + "/closed"].starts_with("ro"));
    CHECK(launch["mount:" + target + "/closed"].find("noexec") != std::string::npos);
    CHECK(launch["write:" + target + "/plain/x"] == "ok");
    CHECK(launch["mount:" + target + "/plain"].find("noexec") == std::string::npos);
}

TEST_CASE("what is mounted below a path on the host is as read-only and noexec as the path",
          "[launch][S13]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_directory("tree/inner");
    const std::string tree = directory / "tree";
    const std::string inner = tree + "/inner";
    const HostMount mount{"", inner, MS_NOSUID};
    const MountUnit unit{{"write:" + tree + "/x", "write:" + inner + "/x", "mount:" + inner},
                         "[mounts]\nread_only = ['" + tree + "']\nno_exec = ['" + tree + "']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:" + tree + "/x"] == "EROFS");
    CHECK(launch["write:" + inner + "/x"] == "EROFS");
    CHECK(launch["mount:" + inner] == "ro,nosuid,noexec,relatime tmpfs");
}

TEST_CASE("a root's own devices and terminals are not taken for the kernel's", "[launch][X8]") {
    const TestDirectory directory;
    for (const char* name : {"root/dev", "root/proc", "root/tmp"})
        directory.make_directory(name);
    for (const char* name : {"null", "ptmx", "console", "pts", "tty"})
        directory.make_file("root/dev/" + std::string{name}, "fake");
    directory.copy_probe("root/probe");
    MountUnit unit{{"file:/dev/null", "file:/dev/ptmx", "file:/dev/pts/ptmx", "file:/dev/tty",
                    "file:/dev/console", "read:/dev/null", "open:/dev/ptmx"},
                   "[mounts]\nroot = '" + directory / "root" + "'\nprivate_dev = true\n"};
    unit.unit.service->command[0] = "/probe";
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(failure_text(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["file:/dev/null"].starts_with("device 0666 103"));
    CHECK(launch["read:/dev/null"].empty());
    CHECK(launch["file:/dev/ptmx"].starts_with("link"));
    CHECK(launch["file:/dev/pts/ptmx"].starts_with("device 0666 502"));
    CHECK(launch["file:/dev/tty"].starts_with("device 0666 500"));
    CHECK(launch["file:/dev/console"] == "ENOENT");
    CHECK(launch["open:/dev/ptmx"] == "ok");
}

TEST_CASE("a /dev or /proc that is a link is refused, and nothing is mounted behind it",
          "[launch][X8][X7]") {
    const TestDirectory directory;
    for (const char* name : {"root/etc", "root/tmp"})
        directory.make_directory(name);
    directory.copy_probe("root/probe");
    const std::string name = GENERATE("dev", "proc");
    REQUIRE(symlink("etc", (directory / "root" + "/" + name).c_str()) == 0);
    MountUnit unit{{"ids"},
                   "pid = true\n[mounts]\nroot = '" + directory / "root" + "'\n" +
                       (name == "dev" ? "private_dev = true\nproc = 'inherited'\n" : "")};
    unit.unit.service->command[0] = "/probe";
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == (name == "dev" ? "mounts.private_dev" : "namespaces.pid"));
    CHECK(failure.object == "/" + name);
    CHECK(failure.error == ELOOP);
    CHECK(launch.output.empty());
}

TEST_CASE("a mount point that cannot be made is told by its key and path", "[launch][H3][H4]") {
    const TestDirectory directory;
    directory.make_directory("tmp");
    directory.make_file("file", "text");
    const std::string target = directory / "tmp" + "/a/file";
    const MountUnit unit{{"ids"},
                         "[mounts]\ntmpfs = ['" + directory / "tmp" + "']\nbind = ['" +
                             directory / "file" + ":" + target + "']\n"};
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = SYS_mkdirat, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "mounts.bind[0]");
    CHECK(failure.object == directory / "tmp" + "/a");
    CHECK(failure.call == "mkdirat");
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

// Nothing of the host's is in there to be copied before the mounts.
TEST_CASE("a writable path that the service's own file system does not have is told",
          "[launch][H3][H4]") {
    const auto failure_of = [](const std::string& text) {
        const MountUnit unit{{"ids"}, text};
        const auto plan = unit.plan();
        Launch launch{plan};
        launch.finish();
        return launch.failed ? explain(plan, *launch.failed).text() : "";
    };
    constexpr std::string_view advice =
        ": No such file or directory (ENOENT); there is no such path in the service's root; create "
        "it or remove the key";

    CHECK(failure_of("[mounts]\nprivate_dev = true\nread_write = ['/dev/no-such']\n") ==
          "mounts.read_write[0]: openat2 '/dev/no-such'" + std::string{advice});
    const TestDirectory directory;
    directory.make_directory("tmp");
    const std::string path = directory / "tmp" + "/nope";
    CHECK(failure_of("[mounts]\ntmpfs = ['" + directory / "tmp" + "']\nexec = ['" + path +
                     "']\n") == "mounts.exec[0]: openat2 '" + path + "'" + std::string{advice});
}

TEST_CASE("a writable path in the service's own /dev is taken", "[launch]") {
    const MountUnit unit{{"mount:/dev/null"},
                         "[mounts]\nprivate_dev = true\nread_only = ['/']\n"
                         "read_write = ['/dev/shm', '/dev/null']\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    CHECK_FALSE(launch.failed);
    CHECK(launch["mount:/dev/null"].starts_with("rw,"));
}

}  // namespace confinit::testing
