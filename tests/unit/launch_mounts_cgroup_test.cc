// SPDX-License-Identifier: Apache-2.0
// How a service sees the cgroup tree: read-only, or its own subtree.
#include "plan_scene.h"

#include <algorithm>
#include <linux/mount.h>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the cgroup tree is read-only, unless it is already or is said to be otherwise",
          "[unit][G7]") {
    PlanScene scene;
    use_host_root(scene);
    scene.cgroup_mount = "/usr";
    const std::string guard = "read_only /usr";
    const auto is_guarded = [&] {
        const auto texts = op_texts(scene.plan());
        return std::ranges::find(texts, guard) != texts.end();
    };

    CHECK(is_guarded());
    CHECK(scene.plan()->mount_keys[index_of(scene.plan(), guard)] == "cgroup.delegate");
    scene.unit.mounts.read_only = {"/"};
    CHECK_FALSE(is_guarded());
    scene.unit.mounts.read_write = {"/usr/lib"};
    CHECK_FALSE(is_guarded());
    scene.unit.mounts.read_only.clear();
    scene.unit.mounts.read_write = {"/"};
    CHECK(is_guarded());
    scene.unit.mounts.read_write.clear();
    scene.cgroup_mount = "/no/such/path";
    CHECK(op_texts(scene.plan()) == Texts{"propagation /"});
    scene.cgroup_mount.clear();
    CHECK(op_texts(scene.plan()) == Texts{"propagation /"});
}

TEST_CASE("a delegated subtree is mounted where the service has a cgroup namespace", "[unit][G7]") {
    PlanScene scene;
    use_host_root(scene);
    scene.cgroup_mount = "/sys/fs/cgroup";
    scene.unit.cgroup_place.delegate = true;

    CHECK(op_texts(scene.plan()) == Texts{"propagation /"});
    scene.unit.namespaces.cgroup = true;
    CHECK(op_texts(scene.plan()) == Texts{"propagation /", "cgroup /sys/fs/cgroup"});
}

TEST_CASE("with a cgroup namespace the tree begins at the service's node", "[unit][N16]") {
    PlanScene scene;
    use_host_root(scene);
    scene.cgroup_mount = "/usr";
    scene.unit.namespaces.cgroup = true;
    const auto attributes = [&] {
        const auto plan = scene.plan();
        const std::size_t index = index_of(plan, "cgroup /usr");
        CHECK(plan->mount_keys[index] == "namespaces.cgroup");
        return plan->child.mounts[index].attributes;
    };

    CHECK((attributes() & MOUNT_ATTR_RDONLY) != 0);
    scene.unit.mounts.read_write = {"/usr"};
    CHECK((attributes() & MOUNT_ATTR_RDONLY) == 0);
    scene.unit.mounts.read_only = {"/"};
    CHECK((attributes() & MOUNT_ATTR_RDONLY) == 0);
    scene.unit.mounts.read_write.clear();
    CHECK((attributes() & MOUNT_ATTR_RDONLY) != 0);
    scene.cgroup_mount = "/no/such/path";
    scene.unit.mounts.read_only.clear();
    CHECK(op_texts(scene.plan()) == Texts{"propagation /"});
    scene.cgroup_mount.clear();
    CHECK(op_texts(scene.plan()) == Texts{"propagation /"});
}

}  // namespace confinit
