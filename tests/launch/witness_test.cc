// SPDX-License-Identifier: Apache-2.0
// A plan that is older than its launch: what it was made from is looked at again by the child, and
// nothing is launched where it is not as it was.
#include "launch/spawn/explain_report.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit::testing {
namespace {

// A change after the look, the path that tells of it, and with which errno.
struct Change {
    const char* what;
    const char* path;
    int error;
    void (*make)(const TestDirectory& directory);
};

void put_over(const TestDirectory& directory, const std::string& from, const std::string& to) {
    REQUIRE(std::rename((directory / from).c_str(), (directory / to).c_str()) == 0);
}

const Change changes[] = {
    {"a link that is turned", "link", ESTALE,
     [](const TestDirectory& directory) {
         std::filesystem::create_symlink("other", directory / "new");
         put_over(directory, "new", "link");
     }},
    {"a link that is removed and made again", "link", ESTALE,
     [](const TestDirectory& directory) {
         REQUIRE(unlink((directory / "link").c_str()) == 0);
         std::filesystem::create_symlink("other", directory / "link");
     }},
    {"a file that is replaced", "file", ESTALE,
     [](const TestDirectory& directory) {
         directory.make_file("new", "text");
         put_over(directory, "new", "file");
     }},
    {"a file that is written to", "file", ESTALE,
     [](const TestDirectory& directory) {
         directory.make_file("file", "next");
     }},
    {"a file that is gone", "file", ENOENT,
     [](const TestDirectory& directory) {
         REQUIRE(unlink((directory / "file").c_str()) == 0);
     }},
    {"something that has come", "absent", EEXIST,
     [](const TestDirectory& directory) {
         directory.make_file("absent", "");
     }},
    {"another owner", "real", ESTALE,
     [](const TestDirectory& directory) {
         REQUIRE(chown((directory / "real").c_str(), 33, 0) == 0);
     }},
    {"another mode", "real", ESTALE,
     [](const TestDirectory& directory) {
         REQUIRE(chmod((directory / "real").c_str(), 0700) == 0);
     }},
    {"a directory in the place of another", "real", ESTALE,
     [](const TestDirectory& directory) {
         directory.make_directory("next");
         put_over(directory, "next", "real");
     }},
};

// A launcher gets such a plan as a file: a datagram has no room for it.
void make_large(Scene& scene) {
    for (int i = 0; i < 200; ++i)
        scene.plan.environment.emplace_back(fmt::format("LARGE_{}={}", i, std::string(1000, 'x')));
}

struct WitnessScene : Scene {
    explicit WitnessScene(const TestDirectory& directory) : Scene({"write:/dev/null"}) {
        directory.make_directory("real");
        directory.make_file("file", "text");
        std::filesystem::create_symlink("real", directory / "link");
        see({directory / "link", directory / "real", directory / "file", directory / "absent"});
    }
};

void check_refused(const Scene& scene, Launch& launch, const std::string& path, int error) {
    launch.finish();
    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::witnesses);
    CHECK(launch.failed->error == error);
    CHECK(launch.output.empty());
    const Error failure = explain(scene.sealed(), *launch.failed);
    CHECK(failure.object == path);
    CHECK(failure.hint.ends_with("since the launch was planned"));
}

}  // namespace

TEST_CASE("what a plan was made from and is otherwise now ends its launch", "[launch][N1]") {
    const Change& change = changes[GENERATE(range(std::size_t{0}, std::size(changes)))];
    const bool has_own_mounts = GENERATE(false, true);
    const TestDirectory directory;
    WitnessScene scene{directory};
    if (has_own_mounts) scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    if (has_own_mounts) make_large(scene);
    INFO(change.what);

    change.make(directory);

    Launch launch{scene};
    check_refused(scene, launch, directory / change.path, change.error);
}

TEST_CASE("what is as it was lets the launch go on", "[launch][N1]") {
    const bool has_own_mounts = GENERATE(false, true);
    const TestDirectory directory;
    WitnessScene scene{directory};
    if (has_own_mounts) scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    if (GENERATE(false, true)) make_large(scene);

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK_FALSE(launch.failed);
    CHECK_FALSE(launch.output.empty());
}

TEST_CASE("a mount over what a plan was made from ends its launch", "[launch][N1]") {
    use_own_mounts();
    const TestDirectory directory;
    WitnessScene scene{directory};
    directory.make_directory("other");
    // Where it is the same directory, nothing but the mount's number tells.
    const std::string source = directory / GENERATE("other", "real");

    const HostMount mount{source, directory / "real"};

    Launch launch{scene};
    check_refused(scene, launch, directory / "real", ESTALE);
}

}  // namespace confinit::testing
