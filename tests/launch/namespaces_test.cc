// SPDX-License-Identifier: Apache-2.0
// Namespaces of a launched service: new ones, furnished, and a user namespace with its id maps.
#include "scene.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

void make_user_namespace(Scene& scene, const std::string& map) {
    scene.plan.clone_flags |= CLONE_NEWUSER;
    scene.plan.uid_map = map;
    scene.plan.gid_map = map;
    scene.plan.deny_setgroups = true;
    scene.child.set_groups = false;
    scene.child.limits_by_parent = true;
}

}  // namespace

TEST_CASE("every declared namespace is a new one, and no other", "[launch]") {
    Scene scene{{"namespaces"}};
    scene.plan.clone_flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    scene.child.new_cgroup_namespace = GENERATE(false, true);

    Launch launch{scene};
    launch.finish();

    for (const std::string name : {"mnt", "net", "ipc", "uts"}) {
        CHECK(launch["ns." + name].starts_with(name + ":["));
        CHECK(launch["ns." + name] != namespace_of(getpid(), name));
    }
    CHECK(launch["ns.user"] == namespace_of(getpid(), "user"));
    CHECK(launch["ns.pid"] == namespace_of(getpid(), "pid"));
    CHECK((launch["ns.cgroup"] != namespace_of(getpid(), "cgroup")) ==
          scene.child.new_cgroup_namespace);
}

TEST_CASE("a new network namespace has lo up and nothing else", "[launch][S14]") {
    Scene scene{{"network"}};
    scene.plan.clone_flags = CLONE_NEWNET;
    scene.child.new_network = true;

    Launch launch{scene};
    launch.finish();

    CHECK(launch["lo"] == "up");
    CHECK(launch["127.0.0.1"] == "ok");
    CHECK(launch["interfaces"].starts_with("lo"));
    CHECK(launch["interfaces"].find("eth") == std::string::npos);
}

TEST_CASE("the host name is the service's own", "[launch]") {
    char before[256]{};
    REQUIRE(gethostname(before, sizeof before - 1) == 0);
    Scene scene{{"hostname"}};
    scene.plan.clone_flags = CLONE_NEWUTS;
    scene.child.hostname = "heater";

    Launch launch{scene};
    launch.finish();

    char after[256]{};
    REQUIRE(gethostname(after, sizeof after - 1) == 0);
    CHECK(launch["hostname"] == "heater");
    CHECK(std::string{before} == after);
}

TEST_CASE("without a reaper the service is PID 1 of its namespace", "[launch][H15]") {
    Scene scene{{"process", "read:/proc/1/comm"}};
    scene.plan.clone_flags = CLONE_NEWPID;
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["pid"] == "1");
    CHECK(launch["ppid"] == "0");
    CHECK(launch["read:/proc/1/comm"] == "probe");
    CHECK(launch.main.pid() == launch.spawned.first.pid());
}

TEST_CASE("a user namespace maps the service's ids to those of the host", "[launch][S6]") {
    Scene scene{
        {"ids", "capabilities", "read:/proc/self/uid_map", "read:/proc/self/setgroups", "wait"}};
    make_user_namespace(scene, "1000 65534 1\n");
    scene.child.uid = 1000;
    scene.child.gid = 1000;
    scene.child.bounding = 0;
    scene.limit(7, 64, 64);

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    const std::string host_uid = status_of(launch.spawned.first.pid(), "Uid");
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(launch["uid"] == "1000 1000 1000");
    CHECK(launch["gid"] == "1000 1000 1000");
    CHECK(launch["CapEff"] == "0000000000000000");
    CHECK(launch["CapBnd"] == "0000000000000000");
    CHECK(launch["read:/proc/self/setgroups"] == "deny");
    CHECK(host_uid.starts_with("65534\t65534\t65534"));
    CHECK(launch["ns.user"] != namespace_of(getpid(), "user"));
}

TEST_CASE("groups of the supervisor do not follow where setgroups is denied", "[launch][S6]") {
    const gid_t own[] = {1, 2};
    REQUIRE(setgroups(2, own) == 0);
    Scene scene{{"ids"}};
    make_user_namespace(scene, "0 100000 65536\n");

    Launch launch{scene};
    launch.finish();

    CHECK_FALSE(launch.failed);
    CHECK(launch["groups"].empty());
}

TEST_CASE("user 0 of a user namespace has its capabilities there only", "[launch][S6]") {
    const TestDirectory directory;
    directory.make_file("secret", "secret", 0600);
    const std::string read = "read:" + directory / "secret";
    Scene scene{{"ids", "capabilities", read}};
    make_user_namespace(scene, "0 100000 65536\n");
    scene.plan.deny_setgroups = false;
    scene.child.set_groups = true;
    scene.plan.child.groups = {5};

    Launch launch{scene};
    launch.finish();

    CHECK_FALSE(launch.failed);
    CHECK(launch["uid"] == "0 0 0");
    CHECK(launch["groups"] == "5");
    CHECK(launch["CapEff"] != "0000000000000000");
    CHECK(launch[read] == "EACCES");
}

TEST_CASE("a user namespace works with all other namespaces and mounts", "[launch][S10]") {
    Scene scene{{"namespaces", "network", "hostname", "process", "list:/tmp", "write:/etc/x",
                 "mount:/proc"}};
    make_user_namespace(scene, "0 100000 65536\n");
    scene.plan.clone_flags |= CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    scene.with_reaper();
    scene.child.new_network = true;
    scene.child.new_cgroup_namespace = true;
    scene.child.hostname = "inner";
    scene.mount({.kind = MountOpKind::read_only, .target = "/"});
    scene.mount(
        {.kind = MountOpKind::tmpfs, .source = "size=1M", .target = "/tmp", .options = "1777"});
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});

    Launch launch{scene};
    launch.finish();

    INFO((launch.failed ? explain(scene.sealed(), *launch.failed).text() : ""));
    CHECK_FALSE(launch.failed);
    CHECK(launch["pid"] == "2");
    CHECK(launch["hostname"] == "inner");
    CHECK(launch["lo"] == "up");
    CHECK(launch["list:/tmp"].empty());
    CHECK(launch["write:/etc/x"] == "EROFS");
    CHECK(launch["mount:/proc"] == "rw,nosuid,nodev,noexec,relatime proc");
}

TEST_CASE("an id map that the kernel refuses ends the launch with its file and range",
          "[launch][S6]") {
    Scene scene{{"ids"}};
    make_user_namespace(scene, "0 100000 10\n5 200000 10\n");

    const auto spawned = spawn(scene.sealed(), -1, {});

    REQUIRE_FALSE(spawned.has_value());
    CHECK(spawned.error().key == "namespaces.user.uid_map");
    CHECK(spawned.error().object == "uid_map = 0 100000 10,5 200000 10");
    CHECK(spawned.error().error == EINVAL);
    CHECK_FALSE(spawned.error().hint.empty());
    int status = 0;
    REQUIRE(waitpid(-1, &status, 0) > 0);
    CHECK(WTERMSIG(status) == SIGKILL);
}

}  // namespace confinit::testing
