// SPDX-License-Identifier: Apache-2.0
// Mounts of the launch, and keys that would make them writable or executable.
#include "plan_scene.h"
#include "unit/protect_presets.h"

#include <algorithm>
#include <linux/mount.h>
#include <string>
#include <vector>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a preset makes no mount of the launch writable", "[unit][N14]") {
    PlanScene scene;
    scene.root.make_directory("home");
    scene.unit.mounts.protect = {find_protect_preset("system-strict"),
                                 find_protect_preset("home-tmpfs")};

    const auto plan = scene.plan();

    const Texts texts = op_texts(plan);
    CHECK(std::ranges::find(texts, "read_write /home") == texts.end());
    CHECK((op_at(plan, "tmpfs /home").attributes & MOUNT_ATTR_RDONLY) != 0);
}

TEST_CASE("a mount that is read-only and writable is refused", "[unit][N14]") {
    PlanScene scene;
    scene.root.make_directory("srv");
    scene.root.make_directory("data");
    scene.unit.mounts.bind = {
        {.source = scene.root.path() + "/data", .target = "/srv", .read_only = true}};
    scene.unit.mounts.read_write = {"/srv"};

    const Error failure = scene.failure();

    CHECK(failure.key == "mounts.read_write[0]");
    CHECK(failure.object == "/srv");
    CHECK(failure.hint == "mounts.bind[0] mounts it read-only; take one of the two away");
}

// The text of a unit has no link in it, and the host has.
TEST_CASE("a mount that a link brings over a directory of the service is refused", "[unit][H4]") {
    PlanScene scene;
    scene.root.link("srv/way", "/var/lib/web");
    scene.unit.directories.state = {{.name = "web"}};
    MountConfig& mounts = scene.unit.mounts;

    mounts.tmpfs = {{.target = "/srv/way"}};
    const Error by_tmpfs = scene.failure();
    CHECK(by_tmpfs.key == "mounts.tmpfs[0]");
    CHECK(by_tmpfs.object == "/var/lib/web");
    CHECK(by_tmpfs.hint.contains("directories.state[0]"));

    mounts.tmpfs = {};
    mounts.inaccessible = {"/srv/way"};
    CHECK(scene.failure().key == "mounts.inaccessible[0]");

    mounts.inaccessible = {};
    mounts.tmpfs = {{.target = "/srv"}};
    CHECK(scene.try_plan().has_value());
}

TEST_CASE("exec gives back of a mount of the launch what no_exec takes around it", "[unit][H7]") {
    PlanScene scene;
    scene.unit.mounts.no_exec = {"/"};
    scene.unit.mounts.tmpfs = {{.target = "/tmp"}, {.target = "/srv"}};
    scene.unit.mounts.exec = {"/tmp"};

    const auto plan = scene.plan();

    CHECK((op_at(plan, "tmpfs /tmp").attributes & MOUNT_ATTR_NOEXEC) == 0);
    CHECK((op_at(plan, "tmpfs /srv").attributes & MOUNT_ATTR_NOEXEC) != 0);
}

}  // namespace confinit
