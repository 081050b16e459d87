// SPDX-License-Identifier: Apache-2.0
// The directories of a service: made for its user, kept when they are its own, refused otherwise;
// and what removes the runtime ones.
#include "base/file.h"
#include "fault.h"
#include "launch/spawn/explain_report.h"
#include "launch/spawn/removal.h"
#include "mount_unit.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr std::string_view as_www = "user = '33'\ngroup = '33'\n";

// Below /var/lib, where a TestDirectory lies, or wherever it is.
std::string below_state(const TestDirectory& directory, std::string_view name) {
    REQUIRE(directory.path().starts_with("/var/lib/"));
    return directory.path().substr(std::string_view{"/var/lib/"}.size()) + "/" + std::string{name};
}

struct Owner {
    uid_t uid;
    gid_t gid;
    unsigned mode;

    bool operator==(const Owner&) const = default;
};

Owner owner_of(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) < 0) FAIL("lstat " << path);
    return {status.st_uid, status.st_gid, status.st_mode & 07777U};
}

MountUnit unit_with(const std::vector<std::string>& commands, const std::string& text) {
    return {commands, text, std::string{as_www}};
}

std::string text_of(const LaunchPlan& plan, const Launch& launch) {
    return launch.failed ? explain(plan, *launch.failed).text() : "";
}

// The exit status of a removal.
int remove(const std::vector<std::string>& paths) {
    const auto remover = begin_removal(paths, CloneMethod::clone3_then_move);
    REQUIRE(remover.has_value());
    const auto end = remover->wait();
    REQUIRE(end.has_value());
    return end->si_code == CLD_EXITED ? end->si_status : -1;
}

}  // namespace

TEST_CASE("a state directory is made for the service's user and writable in a read-only tree",
          "[launch][H16]") {
    const TestDirectory directory;
    const std::string path = directory / "state" + "/inner";
    const MountUnit unit = unit_with(
        {"write:" + path + "/x", "write:" + directory / "state" + "/x", "environment", "wait"},
        "[mounts]\nread_only = ['/']\n[directories]\nstate = [{ name = '" +
            below_state(directory, "state/inner") + "', mode = '0750' }]\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.wait_for_line("waiting=ready");
    launch.wait_for_execution();
    const VerifyItem item = unit.verified(plan, launch, "directories.state[0]");
    REQUIRE(chown(path.c_str(), 34, 33) == 0);
    const VerifyItem changed = unit.verified(plan, launch, "directories.state[0]");
    REQUIRE(chown(path.c_str(), 33, 33) == 0);
    launch.signal(SIGTERM);
    launch.finish();

    INFO(text_of(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["write:" + path + "/x"] == "ok");
    CHECK(launch["write:" + directory / "state" + "/x"] == "EROFS");
    CHECK(launch.output.find("STATE_DIRECTORY=" + path) != std::string::npos);
    CHECK(owner_of(path) == Owner{33, 33, 0750});
    CHECK(owner_of(directory / "state") == Owner{0, 0, 0755});
    INFO(item.in_force);
    CHECK_FALSE(item.differs());
    CHECK(changed.differs());
    CHECK(changed.in_force == "34:33 0750");
}

TEST_CASE("a directory that is the user's already is kept, with the declared mode",
          "[launch][H16]") {
    const TestDirectory directory;
    directory.make_directory("state");
    directory.make_file("state/file", "text");
    const std::string path = directory / "state";
    REQUIRE(chown(path.c_str(), 33, 33) == 0);
    const MountUnit unit = unit_with({"read:" + path + "/file"},
                                     "[directories]\nstate = [{ name = '" +
                                         below_state(directory, "state") + "', mode = '0700' }]\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(text_of(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["read:" + path + "/file"] == "text");
    CHECK(owner_of(path) == Owner{33, 33, 0700});
}

TEST_CASE("what is another's, or no directory, is refused and left alone", "[launch][H16][H4]") {
    const TestDirectory directory;
    directory.make_directory("target");
    directory.make_directory("other");
    directory.make_file("file", "text");
    REQUIRE(symlink("target", (directory / "link").c_str()) == 0);
    const auto [name, type] = GENERATE(table<std::string, std::string>(
        {{"other", "directory"}, {"file", "file"}, {"link", "symbolic link"}}));
    const Owner before = owner_of(directory / name);
    const MountUnit unit =
        unit_with({"ids"}, "[directories]\nstate = ['" + below_state(directory, name) + "']\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    const Error failure = explain(plan, *launch.failed);
    CHECK(failure.key == "directories.state[0]");
    CHECK(failure.object == directory / name);
    // No call has failed.
    CHECK(failure.call.empty());
    CHECK(failure.error == 0);
    INFO(failure.text());
    CHECK(failure.hint.starts_with("it is a " + type +
                                   " of root:root (0:0), and the unit wants a directory of "));
    CHECK(failure.hint.contains("33:33"));
    CHECK_FALSE(failure.text().contains("File exists"));
    CHECK(owner_of(directory / name) == before);
    CHECK(owner_of(directory / "target") == Owner{0, 0, 0755});
    CHECK(launch.output.empty());
}

TEST_CASE("a link on the way to a directory is not followed", "[launch][H16][X7]") {
    const TestDirectory directory;
    directory.make_directory("target");
    REQUIRE(symlink("target", (directory / "link").c_str()) == 0);
    const MountUnit unit = unit_with(
        {"ids"}, "[directories]\nstate = ['" + below_state(directory, "link/inner") + "']\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(explain(plan, *launch.failed).error == ELOOP);
    CHECK_FALSE(exists(directory / "target" + "/inner"));
}

TEST_CASE("chown = recursive gives a tree over, but neither links nor what has other names",
          "[launch][H16]") {
    const TestDirectory directory;
    directory.make_directory("state/inner");
    directory.make_file("state/inner/file", "text");
    directory.make_file("secret", "of root");
    const std::string state = directory / "state";
    REQUIRE(symlink((directory / "secret").c_str(), (state + "/link").c_str()) == 0);
    const bool has_second_name = GENERATE(false, true);
    if (has_second_name) {
        REQUIRE(link((directory / "secret").c_str(), (state + "/name").c_str()) == 0);
    }
    const MountUnit unit = unit_with({"ids"}, "[directories]\nchown = 'recursive'\nstate = ['" +
                                                  below_state(directory, "state") + "']\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    CHECK(owner_of(directory / "secret").uid == 0);
    if (has_second_name) {
        REQUIRE(launch.failed);
        const Error failure = explain(plan, *launch.failed);
        CHECK(failure.error == 0);
        CHECK(failure.hint.contains("has another name as well"));
        CHECK(owner_of(state).uid == 0);
        CHECK(launch.output.empty());
        return;
    }
    INFO(text_of(plan, launch));
    REQUIRE_FALSE(launch.failed);
    for (const char* name : {"", "/inner", "/inner/file", "/link"})
        CHECK(owner_of(state + name).uid == 33);
}

TEST_CASE("in a user namespace a directory belongs to the id outside of it", "[launch][H16]") {
    const TestDirectory directory;
    const std::string path = directory / "state";
    const MountUnit unit =
        unit_with({"write:" + path + "/x"},
                  "user = { uid_map = ['0 100000 65536'], gid_map = ['0 200000 65536'] }\n"
                  "[mounts]\nread_only = ['/']\n[directories]\nstate = ['" +
                      below_state(directory, "state") + "']\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(text_of(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(owner_of(path) == Owner{100033, 200033, 0755});
    CHECK(launch["write:" + path + "/x"] == "ok");
}

TEST_CASE("what lies over a directory's place does not hide it", "[launch][H16]") {
    const TestDirectory directory;
    directory.make_directory("over/of_host");
    const std::string over = directory / "over";
    const std::string path = over + "/state";
    const MountUnit unit =
        unit_with({"write:" + path + "/x", "list:" + over},
                  "[mounts]\ntmpfs = ['" + over + "']\n[directories]\nstate = ['" +
                      below_state(directory, "over/state") + "']\n");
    const auto plan = unit.plan();

    Launch launch{plan};
    launch.finish();

    INFO(text_of(plan, launch));
    REQUIRE_FALSE(launch.failed);
    CHECK(launch["list:" + over] == "state");
    CHECK(launch["write:" + path + "/x"] == "ok");
    CHECK(exists(path + "/x"));
}

TEST_CASE("many units that begin at once get their directories, a shared one too",
          "[launch][H16]") {
    const TestDirectory directory;
    directory.make_directory("all");
    std::vector<std::unique_ptr<MountUnit>> units;
    std::vector<LaunchPlan> plans;
    std::vector<std::unique_ptr<Launch>> launches;
    for (int i = 0; i < 24; ++i) {
        units.push_back(std::make_unique<MountUnit>(
            std::vector<std::string>{"ids"},
            "[directories]\nstate = ['" + below_state(directory, "all/own" + std::to_string(i)) +
                "', '" + below_state(directory, "all/shared") + "']\n",
            std::string{as_www}));
        plans.push_back(units.back()->plan());
    }

    for (const auto& plan : plans)
        launches.push_back(std::make_unique<Launch>(plan));
    for (const auto& launch : launches)
        launch->finish();

    for (std::size_t i = 0; i < launches.size(); ++i) {
        INFO(text_of(plans[i], *launches[i]));
        CHECK_FALSE(launches[i]->failed);
        CHECK(owner_of(directory / "all/own" + std::to_string(i)) == Owner{33, 33, 0755});
    }
    CHECK(list_directory(AT_FDCWD, directory / "all").value().size() == 25);
}

TEST_CASE("a directory that cannot be made is told, and none is left unfinished",
          "[launch][H3][H4][H16]") {
    const long call =
        GENERATE(SYS_mkdirat, SYS_fchownat, SYS_fchmod, SYS_renameat2, SYS_close_range);
    const TestDirectory directory;
    const std::string path = directory / "state";
    const MountUnit unit =
        unit_with({"ids"}, "[directories]\nstate = ['" + below_state(directory, "state") + "']\n");
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = call, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    // The child itself closes descriptors before the preparer does.
    CHECK(launch->failed->stage ==
          (call == SYS_close_range ? LaunchStage::separation : LaunchStage::preparation));
    const Error failure = explain(plan, *launch->failed);
    if (call != SYS_close_range) {
        CHECK(failure.key == "directories.state[0]");
        CHECK(failure.object == path);
    }
    CHECK(failure.error == EIO);
    CHECK(launch->output.empty());
    CHECK(list_directory(AT_FDCWD, directory.path()).value().empty());
}

TEST_CASE("a preparer that is killed ends the launch", "[launch][H3][H4]") {
    const TestDirectory directory;
    const MountUnit unit =
        unit_with({"ids"}, "[directories]\nstate = ['" + below_state(directory, "state") + "']\n");
    const auto plan = unit.plan();

    std::optional<Launch> launch;
    run_with_fault({.call = SYS_renameat2, .action = SECCOMP_RET_KILL_PROCESS},
                   [&](const Fd&) { launch.emplace(plan); });
    launch->finish();

    REQUIRE(launch->failed);
    CHECK(launch->failed->stage == LaunchStage::preparation);
    CHECK(launch->failed->error == EPIPE);
    CHECK(explain(plan, *launch->failed).text().find("was killed") != std::string::npos);
    CHECK(launch->output.empty());
}

TEST_CASE("whatever is in a runtime directory goes with it, and nothing else", "[launch][R11]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_directory("run/web");
    directory.make_directory("kept");
    directory.make_file("kept/file", "text");
    const std::string run = directory / "run" + "/web";
    REQUIRE(symlink((directory / "kept").c_str(), (run + "/link").c_str()) == 0);
    for (int i = 0; i < 3000; ++i)
        directory.make_file("run/web/file" + std::to_string(i), "");
    // Deeper than any path may be.
    int parent = open(run.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int depth = 0; depth < 3000; ++depth) {
        REQUIRE(mkdirat(parent, "deeper", 0) == 0);
        const int next = openat(parent, "deeper", O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void)close(parent);
        parent = next;
    }
    (void)close(parent);

    CHECK(remove({run}) == 0);

    CHECK_FALSE(exists(run));
    CHECK(exists(directory / "kept" + "/file"));
    CHECK(remove({run}) == 0);
}

TEST_CASE("a removal does not follow a link in place of the directory, nor enter a mount",
          "[launch][R11][X7]") {
    use_own_mounts();
    const TestDirectory directory;
    directory.make_directory("kept");
    directory.make_file("kept/file", "text");
    directory.make_directory("run/mounted");
    const std::string link = directory / "link";
    REQUIRE(symlink((directory / "kept").c_str(), link.c_str()) == 0);
    const HostMount mount{directory / "kept", directory / "run" + "/mounted"};

    CHECK(remove({link}) != 0);
    CHECK(remove({directory / "run"}) == EXDEV);

    CHECK(exists(directory / "kept" + "/file"));
}

}  // namespace confinit::testing
