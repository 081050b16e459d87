// SPDX-License-Identifier: Apache-2.0
// mounts.overlay and mounts.root_image, where the kernel has what they need.
#include "base/file.h"
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

bool has_file_system(const char* name) {
    const Fd context{static_cast<int>(syscall(SYS_fsopen, name, 1))};
    if (context) return true;
    WARN("this kernel has no " << name << " here");
    return false;
}

bool has_loop() {
    const Fd control{open("/dev/loop-control", O_RDWR | O_CLOEXEC)};
    if (control && ioctl(control.get(), LOOP_CTL_GET_FREE) >= 0) return true;
    WARN("there are no loop devices here");
    return false;
}

struct Layers {
    Layers() {
        for (const char* name : {"one", "two", "target", "upper", "work"})
            directory.make_directory(name);
        directory.make_file("one/a", "of one");
        directory.make_file("two/a", "of two");
        directory.make_file("two/b", "of two");
    }

    std::string lower() const {
        return "lower = ['" + directory / "one" + "', '" + directory / "two" + "']";
    }
    std::string table(const std::string& more) const {
        return "[mounts]\noverlay = [{ target = '" + target() + "', " + lower() + more + " }]\n";
    }
    std::string target() const { return directory / "target"; }

    const TestDirectory directory;
};

}  // namespace

TEST_CASE("an overlay without an upper shows its layers, and is read-only", "[launch][H7]") {
    if (!has_file_system("overlay")) return;
    const Layers layers;
    const std::string target = layers.target();
    const MountUnit unit{{"read:" + target + "/a", "read:" + target + "/b",
                          "write:" + target + "/c", "mount:" + target, "wait"},
                         layers.table("")};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem item = unit.verified(plan, launch, "mounts.overlay[0]");
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(launch["read:" + target + "/a"] == "of one");
    CHECK(launch["read:" + target + "/b"] == "of two");
    CHECK(launch["write:" + target + "/c"] == "EROFS");
    CHECK(launch["mount:" + target].starts_with("ro"));
    INFO(item.in_force);
    CHECK_FALSE(item.differs());
    CHECK_FALSE(exists(target + "/a"));
}

TEST_CASE("what is written to an overlay in memory is nowhere else", "[launch]") {
    if (!has_file_system("overlay")) return;
    const Layers layers;
    const std::string target = layers.target();
    const MountUnit unit{
        {"write:" + target + "/a", "write:" + target + "/c", "list:" + target, "file:" + target},
        layers.table(", upper = 'tmpfs', size = '1M'")};
    REQUIRE(chmod((layers.directory / "one").c_str(), 0711) == 0);
    const std::string before = read_file(AT_FDCWD, "/proc/self/mountinfo").value();
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO((launch.failed ? explain(plan, *launch.failed).text() : ""));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:" + target + "/a"] == "ok");
    CHECK(launch["write:" + target + "/c"] == "ok");
    CHECK(launch["list:" + target] == "a b c");
    CHECK(launch["file:" + target].starts_with("directory 0711"));
    CHECK_FALSE(exists(layers.directory / "one" + "/c"));
    CHECK_FALSE(exists(layers.directory / "two" + "/c"));
    CHECK(read_file(AT_FDCWD, "/proc/self/mountinfo").value() == before);
}

TEST_CASE("an overlay forbids what the mounts of its layers forbid", "[launch][S13]") {
    if (!has_file_system("overlay")) return;
    use_own_mounts();
    const Layers layers;
    const std::string two = layers.directory / "two";
    const HostMount mount{two, two, MS_NOEXEC | MS_NOSUID};
    const MountUnit unit{{"mount:" + layers.target()}, layers.table("")};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE_FALSE(launch.failed);
    CHECK(launch["mount:" + layers.target()].starts_with("ro,nosuid,noexec"));
}

TEST_CASE("a layer that is missing is told by its key and path", "[launch][H4]") {
    const Layers layers;
    const auto [more, key, path] = GENERATE(table<std::string, std::string, std::string>(
        {{", upper = '/no/upper', work = '/no/work'", "upper", "/no/upper"},
         {", upper = '/tmp', work = '/no/work'", "work", "/no/work"}}));
    const MountUnit unit{{"ids"}, layers.table(more)};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == "mounts.overlay[0]." + key);
    CHECK(failure.object == path);
    CHECK(failure.error == ENOENT);
    CHECK(launch.output.empty());
}

TEST_CASE("an overlay that cannot be mounted is told by its key and target", "[launch][H3][H4]") {
    const Layers layers;
    const long call = GENERATE(SYS_fsopen, SYS_fsconfig, SYS_fchdir);
    const MountUnit unit{{"ids"}, layers.table("")};
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = call, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "mounts.overlay[0]");
    CHECK(failure.object == layers.target());
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

TEST_CASE("an image of no known file system is refused", "[launch][H4]") {
    const TestDirectory directory;
    directory.make_file("image", "nothing of the kind");
    directory.make_directory("directory");
    const std::string image = directory / GENERATE("image", "directory", "absent");
    const MountUnit unit{{"ids"}, "[mounts]\nroot_image = '" + image + "'\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::preparation);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == "mounts.root_image");
    CHECK(failure.object == image);
    CHECK_FALSE(failure.hint.empty());
    CHECK(launch.output.empty());
}

TEST_CASE("an image that cannot be mounted is told by its key and path", "[launch][H3][H4]") {
    struct Case {
        long call;
        std::optional<unsigned> argument = {};
        std::uint32_t value = 0;
    };
    const auto chosen = GENERATE(Case{SYS_pread64}, Case{SYS_ioctl, 1, LOOP_CTL_GET_FREE},
                                 Case{SYS_ioctl, 1, LOOP_CONFIGURE}, Case{SYS_fsopen});
    if (chosen.call != SYS_pread64 && !has_loop()) return;
    const TestDirectory directory;
    directory.make_file("image", "hsqs" + std::string(65536, '\0'));
    const MountUnit unit{{"ids"}, "[mounts]\nroot_image = '" + directory / "image" + "'\n"};
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = chosen.call,
                    .action = SECCOMP_RET_ERRNO | EIO,
                    .argument = chosen.argument,
                    .value = chosen.value},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    const Error failure = explain(plan, *launch->failed);
    CHECK(failure.key == "mounts.root_image");
    CHECK(failure.object == directory / "image");
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
}

TEST_CASE("an image whose device or file system fails leaves no loop device", "[launch][R11]") {
    if (!has_loop()) return;
    const TestDirectory directory;
    std::string head(65536, '\0');
    head.replace(0, 4, "hsqs");
    directory.make_file("image", head);
    const MountUnit unit{{"ids"}, "[mounts]\nroot_image = '" + directory / "image" + "'\n"};
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(explain(plan, *launch.failed).key == "mounts.root_image");
    CHECK(launch.output.empty());
    for (int number = 0; number < 8; ++number) {
        const auto file =
            read_file(AT_FDCWD, "/sys/block/loop" + std::to_string(number) + "/loop/backing_file");
        CHECK((!file || file->find(directory.path()) == std::string::npos));
    }
}

}  // namespace confinit::testing
