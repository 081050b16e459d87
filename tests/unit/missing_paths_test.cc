// SPDX-License-Identifier: Apache-2.0
// MissingPaths: check --here names the paths that the launch would not find.
#include "launch/missing_paths.h"
#include "plan_scene.h"

namespace confinit {
namespace {

// "KEY OBJECT" of each.
std::vector<std::string> missing(const PlanScene& scene) {
    std::vector<std::string> texts;
    for (const LaunchFailure& failure : missing_paths(*scene.plan()))
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

TEST_CASE("a working directory that is none is told", "[launch][N14]") {
    PlanScene scene;
    scene.unit.service->working_directory = "/nowhere";
    CHECK(missing(scene) == Texts{"service.working_directory /nowhere"});
    scene.unit.service->working_directory = "/usr/bin/serve";
    CHECK(missing(scene) == Texts{"service.working_directory /usr/bin/serve"});
}

}  // namespace
}  // namespace confinit
