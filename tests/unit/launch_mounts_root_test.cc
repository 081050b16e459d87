// SPDX-License-Identifier: Apache-2.0
// The mounts of a plan where keys meet: user namespaces, the root itself, links, single entries.
#include "plan_scene.h"

#include <algorithm>
#include <filesystem>

namespace confinit {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a user namespace has the host's procfs made, and its message queues bound",
          "[unit][N14]") {
    PlanScene scene;
    use_host_root(scene);
    scene.make_user_namespace();
    scene.unit.mounts.private_dev = true;
    scene.unit.mounts.proc = ProcView::noaccess;
    scene.unit.mounts.proc_pids_only = true;
    const auto older = scene.plan();
    scene.unit.namespaces.pid = true;
    scene.unit.namespaces.ipc = true;
    const auto own = scene.plan();

    REQUIRE(older->child.preparations.size() == 1);
    CHECK(older->child.preparations[0].kind == Preparation::Kind::procfs);
    CHECK(older->preparation_keys[0] == "mounts.proc");
    CHECK(std::string_view{older->child.preparations[0].options} == "hidepid=noaccess,subset=pid");
    for (const MountOp& op : older->child.mounts)
        CHECK((op.kind != MountOpKind::mqueue || op.source != nullptr));
    CHECK(own->child.preparations.empty());
    CHECK(op_at(own, "mqueue /dev/mqueue").source == nullptr);
}

TEST_CASE("a tmpfs on the root holds all else, is sealed at the end, and becomes the root",
          "[unit][N14]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.mounts.tmpfs = {{.target = "/"}};
    scene.unit.mounts.read_only = {"/"};
    scene.unit.mounts.bind = {{.source = "/etc/passwd", .target = "/etc/passwd"}};

    const auto plan = scene.plan();

    CHECK(op_texts(plan) == Texts{"propagation /", "tmpfs /", "directory /etc", "bind /etc/passwd",
                                  "seal /", "change_root /"});
    CHECK(plan->mount_keys[4] == "mounts.read_only[0]");
    CHECK(plan->mount_keys[5] == "mounts.tmpfs[0]");
    CHECK(op_at(plan, "bind /etc/passwd").inside == 1);
    CHECK(std::string_view{op_at(plan, "bind /etc/passwd").place} == "/etc/passwd");
    CHECK(op_at(plan, "seal /").inside == 1);
    CHECK(plan->child.root == nullptr);
}

TEST_CASE("a link that leads nowhere is what a file is bound to", "[unit][N14]") {
    PlanScene scene;
    scene.root.make_directory("etc");
    scene.root.link("etc/resolv.conf", "../run/none");
    scene.unit.mounts.bind = {{.source = "/etc/passwd", .target = "/etc/resolv.conf"}};

    const auto plan = scene.plan();

    const MountOp& bind = op_at(plan, "bind /etc/resolv.conf");
    REQUIRE(bind.place != nullptr);
    CHECK(std::string_view{bind.place} == "/etc/resolv.conf");
}

TEST_CASE("what an attempt does without is not in its plan", "[unit][N14]") {
    PlanScene scene;
    use_host_root(scene);
    scene.unit.mounts.read_only = {"/no", "/etc"};
    scene.unit.mounts.bind = {{.source = "/no", .target = "/srv"}};
    scene.unit.left_out = {"mounts.read_only[0]", "mounts.bind[0]"};

    const auto plan = scene.plan();

    CHECK(op_texts(plan) == Texts{"propagation /", "read_only /etc"});
    CHECK(plan->mount_keys[1] == "mounts.read_only[1]");
}

TEST_CASE("a cover that leads to the root is refused", "[unit][H3]") {
    PlanScene scene;
    std::filesystem::create_directory_symlink("/", scene.root.path() + "/whole");
    scene.unit.mounts.inaccessible = {"/srv", "/whole"};

    const auto plan = scene.try_plan();

    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().key == "mounts.inaccessible[1]");
    CHECK(plan.error().object == "/whole");
}

TEST_CASE("the launch's own covers are left out where a wall hides their place",
          "[unit][H3][N14]") {
    PlanScene scene;
    scene.unit.mounts.private_tmp = true;
    scene.unit.mounts.inaccessible = {"/var"};
    const LaunchPlan plan = scene.plan();

    CHECK_FALSE(std::ranges::any_of(plan->mount_targets,
                                    [](const auto& target) { return target.str() == "/var/tmp"; }));
    CHECK(std::ranges::any_of(plan->mount_targets,
                              [](const auto& target) { return target.str() == "/tmp"; }));

    scene.unit.mounts.tmpfs = {{.target = "/var/lib/web"}};
    const auto refused = scene.try_plan();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().key == "mounts.tmpfs[0]");
    CHECK(refused.error().text().find("mounts.inaccessible[0] '/var'") != std::string::npos);
}

TEST_CASE("a link to the host's root is no root of the service's own", "[unit][H4]") {
    PlanScene scene;
    const TemporaryDirectory host;
    host.link("root", "/");
    use_host_root(scene);
    scene.unit.mounts.root = host.path() + "/root";

    const Error failure = scene.failure();

    CHECK(failure.key == "mounts.root");
    CHECK(failure.object == host.path() + "/root");
    CHECK(failure.hint.contains("is the host's root"));
}

}  // namespace confinit
