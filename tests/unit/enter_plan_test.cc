// SPDX-License-Identifier: Apache-2.0
// Plans for entering a running service: confined like it, in its namespaces.
#include "launch/plan/executable.h"
#include "plan_scene.h"

#include <algorithm>
#include <cerrno>
#include <linux/sched.h>
#include <sys/resource.h>

namespace confinit {

TEST_CASE("who enters is confined like the service and makes nothing new", "[unit][X1]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .net = true, .cgroup = true};
    scene.unit.seccomp = PlanScene::deny_chmod();
    scene.unit.mounts.read_only = {"/"};
    scene.unit.process.rlimits = {{RLIMIT_NOFILE, 1024, 4096}};
    scene.unit.process.umask = 027;
    const auto service = scene.plan();

    const auto plan = scene.enter({.command = {"/bin/sh"}, .term = "xterm"});

    CHECK(plan->child.uid == service->child.uid);
    CHECK(items(plan->child.groups) == items(service->child.groups));
    CHECK(plan->expected_capabilities == service->expected_capabilities);
    CHECK(plan->child.no_new_privs);
    CHECK(plan->child.filter.size() == service->child.filter.size());
    CHECK(plan->child.umask == 027);
    CHECK(plan->child.rlimit_values.size() == 1);
    CHECK(plan->clone_flags == 0);
    CHECK(plan->child.mounts.empty());
    CHECK(plan->child.root.c_str() == scene.root.path());
    CHECK_FALSE(plan->child.has_reaper);
    CHECK_FALSE(plan->child.new_cgroup_namespace);
    CHECK_FALSE(plan->child.new_network);
    CHECK(std::ranges::count(texts(plan->environment), "TERM=xterm") == 1);
}

TEST_CASE("who enters joins the namespaces that the unit made new", "[unit][X1]") {
    PlanScene scene;
    scene.unit.namespaces = {.mount = true, .pid = true, .cgroup = true};

    const auto plan = scene.enter({});

    CHECK(plan.join_pidfd == 7);
    CHECK(plan->child.join_flags == (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP));
    CHECK(plan->child.fork_into_pid_namespace);
}

TEST_CASE("who enters a user namespace writes no maps", "[unit][X1]") {
    PlanScene scene;
    scene.make_user_namespace();

    const auto plan = scene.enter({});

    CHECK(plan->uid_map.empty());
    CHECK(plan->gid_map.empty());
    CHECK_FALSE(plan->child.set_groups);
    CHECK((plan->child.join_flags & CLONE_NEWUSER) != 0);
}

TEST_CASE("a privileged entry keeps capabilities and has no filter", "[unit][X1]") {
    PlanScene scene;
    scene.unit.seccomp = PlanScene::deny_chmod();
    scene.unit.capabilities.bounding = 0;

    const auto plan = scene.enter({.command = {"sh"}, .privileged = true});

    CHECK(plan->child.uid == 0);
    CHECK(items(plan->child.groups) == std::vector<gid_t>{0});
    CHECK(plan->child.keep_all_capabilities);
    CHECK(plan->child.filter.empty());
    CHECK_FALSE(plan->child.no_new_privs);
}

TEST_CASE("a privileged entry needs a root in the id maps", "[unit][X1]") {
    PlanScene scene;
    scene.make_user_namespace();
    scene.unit.namespaces.uid_map = {{.inside = 33, .outside = 100000, .count = 1}};

    const auto plan = make_enter_plan(scene.unit, scene.context(), 7, {.privileged = true});

    REQUIRE_FALSE(plan);
    CHECK(plan.error().key == "namespaces.user");
}

TEST_CASE("a bare command is looked up in the service's PATH and root", "[unit][X5]") {
    PlanScene scene;

    CHECK(scene.enter({.command = {"serve", "-x"}})->executable == "/usr/bin/serve");
    CHECK(scene.enter({})->executable == "/bin/sh");
    CHECK(scene.enter({.command = {"./serve"}})->executable == "./serve");

    scene.unit.service->environment = {{"PATH", "/bin"}};
    const auto absent = make_enter_plan(scene.unit, scene.context(), 7, {.command = {"serve"}});
    REQUIRE_FALSE(absent);
    CHECK(absent.error().error == ENOENT);
    CHECK(absent.error().object == "serve");
}

TEST_CASE("who enters stands in the working directory where it is", "[unit]") {
    PlanScene scene;
    scene.unit.service->working_directory = "/srv";
    CHECK(std::string_view{scene.enter({})->child.working_directory} == "/srv");

    scene.unit.service->working_directory = "/no/such";
    CHECK(std::string_view{scene.enter({})->child.working_directory} == "/");
}

TEST_CASE("a command that is not there is looked for in the service's root", "[unit][X1][H6]") {
    PlanScene scene;
    const auto plan = scene.enter({.command = {"/nosuch"}});
    CHECK(explain_execve(plan, ENOENT).hint ==
          "there is no such file in the service's root '" + scene.root.path() + "'");

    scene.unit.mounts.root_image = "/srv/web.img";
    scene.unit.mounts.root.reset();
    scene.unit.service->user = "root";
    CHECK(explain_execve(scene.enter({.command = {"/nosuch"}}), ENOENT).hint ==
          "there is no such file in the service's root image, or not its interpreter");
}

}  // namespace confinit
