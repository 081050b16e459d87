// SPDX-License-Identifier: Apache-2.0
// MissingPaths: check --here names the paths that the launch would not find.
#include "launch/plan/missing_paths.h"

#include "kernel/mount_table.h"
#include "launch/owner_text.h"
#include "launch/plan/id_maps.h"
#include "launch/plan/missing_here.h"
#include "plan_scene.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace confinit {
namespace {

// "KEY OBJECT" of each.
std::vector<std::string> missing(const PlanScene& scene) {
    std::vector<std::string> texts;
    for (const Error& failure : missing_paths(scene.plan()))
        texts.push_back(failure.key + " " + failure.object);
    return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("a unit whose paths are there lacks none", "[launch][N14]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/"};
    scene.unit.mounts.read_write = {"/var/lib/web"};
    scene.unit.mounts.bind = {{.source = "/etc", .target = "/srv"}};
    scene.unit.mounts.tmpfs = {{.target = "/tmp"}};
    scene.unit.service->working_directory = "/srv";

    CHECK(missing(scene).empty());
}

TEST_CASE("paths of mounts that are not there are told", "[launch][N14]") {
    PlanScene scene;
    scene.unit.mounts.read_only = {"/no1"};
    scene.unit.mounts.read_write = {"/no2"};
    scene.unit.mounts.inaccessible = {"/no3"};
    scene.unit.mounts.bind = {{.source = "/no-such-source", .target = "/srv"},
                              {.source = "/etc", .target = "/no4"}};

    Texts found = missing(scene);
    std::ranges::sort(found);
    CHECK(found == Texts{"mounts.bind[0] /no-such-source", "mounts.bind[1] /no4",
                         "mounts.inaccessible[0] /no3", "mounts.read_only[0] /no1",
                         "mounts.read_write[0] /no2"});
}

TEST_CASE("what the launch makes is there, and what comes at run time may be", "[launch][N14]") {
    PlanScene scene;
    scene.unit.mounts.tmpfs = {{.target = "/tmp"}, {.target = "/tmp/below"}};
    scene.unit.mounts.bind = {{.source = "/etc", .target = "/tmp/etc"}};
    scene.unit.mounts.read_write = {"/run/later"};
    scene.unit.service->working_directory = "/tmp/etc";

    CHECK(missing(scene).empty());
}

// A directory of root's that every machine has.
std::string some_directory_below(const std::string& path) {
    for (const auto& entry : std::filesystem::directory_iterator{path}) {
        struct stat status{};
        const bool is_found = lstat(entry.path().c_str(), &status) == 0;
        if (is_found && S_ISDIR(status.st_mode) && status.st_uid == 0 && status.st_gid == 0) {
            return entry.path().filename();
        }
    }
    FAIL("no directory of root's in " << path);
    return {};
}

TEST_CASE("a directory of another owner is told with both, by name and number",
          "[launch][N14][H16]") {
    PlanScene scene;
    const std::string name = some_directory_below("/etc");
    scene.unit.directories.configuration = {{.name = name}};

    const auto found = missing_paths(scene.plan());

    REQUIRE(found.size() == 1);
    CHECK(found[0].key == "directories.configuration[0]");
    CHECK(found[0].object == "/etc/" + name);
    CHECK(found[0].error == 0);
    CHECK(found[0].hint ==
          "it is there and belongs to root:root (0:0), and the unit wants a directory of " +
              owner_text(33, 34) + "; directories.chown = \"recursive\" gives it over");
    scene.unit.directories.chown_recursively = true;
    CHECK(missing(scene).empty());
}

// What it leads to must not look like a directory that could be given over.
TEST_CASE("a directory that is a symbolic link is told as one", "[launch][N14][H16]") {
    PlanScene scene;
    std::string link;
    for (const auto& entry : std::filesystem::directory_iterator{"/etc"}) {
        const bool leads_somewhere =
            entry.is_symlink() && std::filesystem::exists(entry.path()) &&
            !std::filesystem::canonical(entry.path()).string().starts_with("/proc");
        if (leads_somewhere) link = entry.path();
    }
    REQUIRE_FALSE(link.empty());
    scene.unit.directories.configuration = {{.name = link.substr(5)}};

    const auto found = missing_paths(scene.plan());

    REQUIRE(found.size() == 1);
    CHECK(found[0].object == link);
    CHECK(found[0].error == ELOOP);
    CHECK(found[0].hint == "a symbolic link is on the way; it is not followed");
}

TEST_CASE("an owner without a name is a number", "[launch][H16]") {
    CHECK(owner_text(0, 0) == "root:root (0:0)");
    CHECK(owner_text(4'000'000'001, 4'000'000'002) == "4000000001:4000000002");
    CHECK(owner_text(0, 4'000'000'002) == "root:4000000002 (0:4000000002)");
}

TEST_CASE("a working directory that is none is told", "[launch][N14]") {
    PlanScene scene;
    scene.unit.service->working_directory = "/nowhere";
    CHECK(missing(scene) == Texts{"service.working_directory /nowhere"});
    scene.unit.service->working_directory = "/usr/bin/serve";
    CHECK(missing(scene) == Texts{"service.working_directory /usr/bin/serve"});
}

// The one failure of a unit, as text.
std::string only_missing(const PlanScene& scene) {
    const auto found = missing_paths(scene.plan());
    CAPTURE(missing(scene));
    REQUIRE(found.size() == 1);
    return found[0].text();
}

TEST_CASE("a mount on what it does not fit is told as by the start", "[launch][N14]") {
    PlanScene scene;
    scene.root.link("srv/nowhere", "/no/such");
    const TemporaryDirectory host;
    host.write("file", "");
    const std::string file = host.path() + "/file";
    const auto text = [](const std::string& key, const std::string& target) {
        return "mounts." + key + ": move_mount '" + target +
               "': Invalid argument (EINVAL); a directory can only be mounted on a directory, a "
               "file on a file or on a symbolic link that leads nowhere";
    };
    MountConfig& mounts = scene.unit.mounts;

    mounts.bind = {{.source = file, .target = "/srv"}};
    CHECK(only_missing(scene) == text("bind[0]", "/srv"));
    mounts.bind = {{.source = host.path(), .target = "/etc/group"}};
    CHECK(only_missing(scene) == text("bind[0]", "/etc/group"));
    mounts.bind = {{.source = host.path(), .target = "/srv/nowhere"}};
    CHECK(only_missing(scene) == text("bind[0]", "/srv/nowhere"));
    mounts.bind = {{.source = file, .target = "/etc/group"},
                   {.source = file, .target = "/srv/nowhere"}};
    CHECK(missing(scene).empty());

    mounts.bind = {};
    mounts.tmpfs = {{.target = "/etc/group"}};
    CHECK(only_missing(scene) == text("tmpfs[0]", "/etc/group"));
    mounts.tmpfs = {};
    mounts.overlay = {{.target = "/etc/group", .lower = {host.path()}}};
    CHECK(only_missing(scene) == text("overlay[0]", "/etc/group"));
}

TEST_CASE("a layer that is no directory is told", "[launch][N14]") {
    PlanScene scene;
    const TemporaryDirectory host;
    host.write("file", "");
    scene.unit.mounts.overlay = {{.target = "/srv", .lower = {host.path() + "/file"}}};

    CHECK(only_missing(scene) == "mounts.overlay[0].lower[0]: openat2 '" + host.path() +
                                     "/file': Not a directory (ENOTDIR); a layer of an overlay is "
                                     "a directory");
}

TEST_CASE("in a tmpfs of the launch is what the launch makes there", "[launch][N14]") {
    PlanScene scene;
    scene.unit.mounts.tmpfs = {{.target = "/srv"}, {.target = "/srv/a/b"}};
    scene.unit.service->working_directory = "/srv/a";
    CHECK(missing(scene).empty());
    scene.unit.service->working_directory = "/srv/b";
    CHECK(missing(scene) == Texts{"service.working_directory /srv/b"});
}

TEST_CASE("a terminal that is not there, or none, is told", "[launch][N14]") {
    PlanScene scene;
    scene.unit.service->tty = "/dev/no-such-terminal";
    CHECK(only_missing(scene) ==
          "service.tty: openat '/dev/no-such-terminal': No such file or directory (ENOENT); the "
          "host has no such terminal");
    const TemporaryDirectory host;
    host.write("file", "");
    scene.unit.service->tty = host.path() + "/file";
    CHECK(only_missing(scene) == "service.tty: ioctl '" + host.path() +
                                     "/file': Inappropriate ioctl for device (ENOTTY); "
                                     "service.tty is no terminal");
}

TEST_CASE("a program that no mount brings into an empty root is told", "[launch][N14][H6]") {
    PlanScene scene;
    const TemporaryDirectory host;
    host.write("serve", "#!/bin/sh\n", 0755);
    MountConfig& mounts = scene.unit.mounts;
    mounts.tmpfs = {{.target = "/"}};
    const std::string program =
        "service.command[0]: execve '/usr/bin/serve': No such file or "
        "directory (ENOENT); ";
    CHECK(only_missing(scene) ==
          program + "mounts.tmpfs[0] covers it; mounts.bind brings it there");

    mounts.bind = {{.source = host.path(), .target = "/usr/bin"}};
    CHECK(only_missing(scene) ==
          program +
              "its first line asks for the interpreter '/bin/sh', which mounts.tmpfs[0] "
              "covers; mounts.bind brings it there");

    mounts.bind.push_back({.source = host.path() + "/serve", .target = "/bin/sh"});
    CHECK(missing(scene).empty());

    scene.unit.service->command = {"/usr/bin/other"};
    CHECK(missing(scene) == Texts{"service.command[0] /usr/bin/other"});
}

TEST_CASE("a program that a mount forbids to execute is told", "[launch][N14][H6]") {
    PlanScene scene;
    MountConfig& mounts = scene.unit.mounts;
    const std::string program =
        "service.command[0]: execve '/usr/bin/serve': Permission denied (EACCES); ";
    mounts.no_exec = {"/"};
    CHECK(only_missing(scene) == program +
                                     "mounts.no_exec[0] forbids to execute what lies there; "
                                     "list its directory in mounts.exec");
    mounts.exec = {"/usr"};
    CHECK(only_missing(scene) == program +
                                     "mounts.no_exec[0] forbids to execute its interpreter "
                                     "'/bin/sh'; list its directory in mounts.exec");
    mounts.exec = {"/usr", "/bin"};
    CHECK(missing(scene).empty());

    mounts.no_exec = mounts.exec = {};
    mounts.inaccessible = {"/usr"};
    CHECK(only_missing(scene) == program + "mounts.inaccessible[0] covers it");
}

TEST_CASE("the supervisor's own user namespace is not joined", "[launch][N14]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.namespaces.joined = {{.kind = NamespaceKind::user, .path = "/proc/self/ns/user"}};

    const auto settled = settle_id_maps(scene.context(), scene.unit);

    REQUIRE_FALSE(settled.has_value());
    CHECK(settled.error().text() ==
          "namespaces.user: setns '/proc/self/ns/user': Invalid argument (EINVAL); it is the "
          "supervisor's own");
}

TEST_CASE("what the service's user may not use is told, and root may", "[launch][N14][H6]") {
    PlanScene scene;
    const std::string program =
        "service.command[0]: execve '/usr/bin/serve': Permission denied (EACCES); ";
    const auto change_mode = [&](const std::string& name, mode_t mode) {
        REQUIRE(chmod((scene.root.path() + "/" + name).c_str(), mode) == 0);
    };
    change_mode("usr/bin/serve", 0744);
    CHECK(only_missing(scene) == program + "user 33 has no x bit on it");
    change_mode("usr/bin/serve", 0755);
    change_mode("usr/bin", 0700);
    CHECK(only_missing(scene) == program + "user 33 cannot search the directory '/usr/bin'");
    change_mode("usr/bin", 0755);
    scene.unit.service->working_directory = "/srv";
    CHECK(missing(scene).empty());
    change_mode("srv", 0700);
    CHECK(only_missing(scene) ==
          "service.working_directory: fchdir '/srv': Permission denied (EACCES); the service's "
          "user may not enter it");

    scene.unit.service->user = "root";
    CHECK(missing(scene).empty());
}

TEST_CASE("a program of no format is told", "[launch][N14][H6]") {
    PlanScene scene;
    scene.root.write("usr/bin/serve", "echo hello\n", 0755);
    CHECK(only_missing(scene) ==
          "service.command[0]: execve '/usr/bin/serve': Exec format error (ENOEXEC); it is neither "
          "an ELF program nor a script that begins with '#!'");
}

TEST_CASE("a program on a mount of the host that executes nothing is told", "[launch][N14][H6]") {
    const auto own = MountTable::read_own();
    REQUIRE(own);
    const Mount* shared = own->find_mount("/dev/shm");
    if (shared == nullptr || !shared->has_option("noexec") || access("/dev/shm", W_OK) != 0) {
        WARN("there is no noexec mount to write to here");
        return;
    }
    const std::string program = "/dev/shm/confinit-test-" + std::to_string(getpid());
    std::filesystem::copy_file("/bin/true", program);
    PlanScene scene;
    use_host_root(scene);
    scene.unit.service->command = {program};
    const std::string text = only_missing(scene);
    std::filesystem::remove(program);

    CHECK(text.ends_with("(EACCES); it lies on a file system that is mounted noexec"));
}

TEST_CASE("processors that this machine has not are told", "[launch][N14]") {
    PlanScene scene;
    scene.unit.process.cpu_affinity.assign(64, 0);
    scene.unit.process.cpu_affinity.back() = 1;
    scene.unit.cgroup = {{.file = "cpuset.cpus", .value = "4032"}};

    std::vector<std::string> found;
    for (const Error& failure : missing_here(scene.unit, scene.context()))
        found.push_back(failure.text());
    const auto tells = [&](std::string_view begin) {
        return std::ranges::any_of(
            found, [&](const std::string& text) { return text.starts_with(begin); });
    };

    CHECK(
        tells("process.cpu_affinity: '4032': Invalid argument (EINVAL); a CPU of the list is not "
              "there, or not in the cpuset of the service; this machine has 0"));
    CHECK(
        tells("cgroup.cpuset.cpus: write 'cpuset.cpus': Numerical result out of range (ERANGE); "
              "the kernel was given '4032', which is outside of the file's range; this machine"));
}

}  // namespace
}  // namespace confinit
