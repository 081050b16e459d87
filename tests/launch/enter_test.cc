// SPDX-License-Identifier: Apache-2.0
// Entering a running service: the same namespaces and the same confinement, as a child of ours.
#include "base/file.h"
#include "fault.h"
#include "scene.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

constexpr int all_namespaces =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

std::string descriptors_of(pid_t process) {
    const auto names = list_directory(AT_FDCWD, "/proc/" + std::to_string(process) + "/fd");
    return names ? std::to_string(names->size()) + " descriptors" : names.error().text();
}

// What service and entered process have in common; the latter makes no namespaces.
void confine(Scene& scene) {
    scene.child.uid = 65534;
    scene.child.gid = 65534;
    scene.plan.child.groups = {65534};
    scene.child.bounding = 1ULL << 10 & own_capabilities();
    scene.child.ambient = scene.child.bounding;
    scene.child.inheritable = scene.child.bounding;
    scene.child.umask = 027;
    scene.limit(7, 100, 100);
    scene.deny(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
}

void make_namespaces(Scene& scene) {
    scene.plan.clone_flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    scene.child.new_cgroup_namespace = true;
    scene.child.new_network = true;
    scene.child.hostname = "service";
    scene.mount({.kind = MountOpKind::tmpfs, .target = "/tmp", .options = "1777"});
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});
}

}  // namespace

TEST_CASE("an entered process is confined as the service is", "[launch][X1]") {
    Scene service{{"status", "namespaces", "limits", "wait"}};
    confine(service);
    make_namespaces(service);
    service.with_reaper();
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{
        {"status", "namespaces", "limits", "process", "hostname", "list:/tmp", "descriptors"}};
    confine(scene);
    scene.enter(running.main, all_namespaces);

    Launch entered{scene};
    entered.finish();

    REQUIRE_FALSE(entered.failed);
    for (const char* key :
         {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
          "Seccomp", "Seccomp_filters", "Umask", "SigIgn"}) {
        INFO(key);
        CHECK(entered[std::string{"status."} + key] == running[std::string{"status."} + key]);
    }
    for (const std::string name : {"mnt", "pid", "net", "ipc", "uts", "cgroup", "user"}) {
        CHECK(entered["ns." + name] == running["ns." + name]);
    }
    CHECK(entered["rlimit.7"] == running["rlimit.7"]);
    CHECK(entered["hostname"] == "service");
    CHECK(entered["list:/tmp"].empty());
    CHECK(entered["descriptors"] == "0 1 2");
    CHECK(entered["cwd"] == "/");
    CHECK(entered["sid"] == entered["pid"]);
}

TEST_CASE("a service with a root of its own is entered into that root", "[launch][X1]") {
    const TestDirectory directory;
    directory.make_directory("root/proc");
    directory.copy_probe("root/probe");
    const std::string root = directory / "root";
    Scene service{{"wait"}};
    service.plan.executable = "/probe";
    service.child.root = root.c_str();
    service.with_reaper();
    service.mount({.kind = MountOpKind::proc, .target = "/proc"});
    service.mount({.kind = MountOpKind::change_root});
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"list:/", "list:/..", "process"}};
    scene.plan.executable = "/probe";
    scene.enter(running.main, CLONE_NEWNS | CLONE_NEWPID);

    Launch entered{scene};
    entered.finish();

    CHECK(entered["list:/"] == "probe proc");
    CHECK(entered["list:/.."] == "probe proc");
    CHECK(entered["cwd"] == "/");
}

TEST_CASE("an entered process is our own child, under the number that its record names",
          "[launch][R4]") {
    Scene service{{"wait"}};
    make_namespaces(service);
    service.with_reaper();
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"exit:33"}};
    scene.enter(running.main, all_namespaces);

    Launch entered{scene};
    entered.finish();

    CHECK(entered.main.pid() != entered.spawned.first.pid());
    CHECK(WEXITSTATUS(entered.status) == 0);
    CHECK(WEXITSTATUS(entered.entered_status) == 33);
}

TEST_CASE("a user namespace is entered with the others in one call", "[launch][X1]") {
    Scene service{{"ids", "namespaces", "wait"}};
    service.plan.clone_flags = CLONE_NEWUSER | CLONE_NEWIPC;
    service.plan.uid_map = "0 100000 1000\n";
    service.plan.gid_map = "0 100000 1000\n";
    service.child.limits_by_parent = true;
    service.child.uid = 7;
    service.child.gid = 7;
    service.mount({.kind = MountOpKind::tmpfs, .target = "/tmp", .options = "1777"});
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"ids", "namespaces", "process"}};
    scene.child.uid = 7;
    scene.child.gid = 7;
    scene.child.sets_nice = true;
    scene.child.nice = 3;
    scene.child.limits_by_parent = true;
    scene.enter(running.main, CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNS);

    Launch entered{scene};
    entered.finish();

    REQUIRE_FALSE(entered.failed);
    CHECK(entered["uid"] == "7 7 7");
    CHECK(entered["nice"] == "3");
    for (const std::string name : {"user", "ipc", "mnt", "net"}) {
        CHECK(entered["ns." + name] == running["ns." + name]);
    }
}

TEST_CASE("the service cannot look into a process that is halfway in", "[launch][X2]") {
    Scene service{{"wait", "list:/proc/3/fd", "open:/proc/3/mem", "trace:3", "pause"}};
    service.child.uid = 65534;
    service.child.bounding = 0;
    make_namespaces(service);
    service.with_reaper();
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"process"}};
    scene.enter(running.main, all_namespaces);

    std::unique_ptr<Launch> entered;
    std::string streams;
    run_with_fault({.call = SYS_setsid, .action = SECCOMP_RET_USER_NOTIF}, [&](const Fd& listener) {
        entered = std::make_unique<Launch>(scene);
        seccomp_notif stopped{};
        REQUIRE(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &stopped) == 0);
        streams = descriptors_of(static_cast<pid_t>(stopped.pid));
        running.signal(SIGTERM);
        running.wait_for_line("pausing=ready");
        seccomp_notif_resp go_on{};
        go_on.id = stopped.id;
        go_on.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        (void)ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &go_on);
    });
    entered->finish();

    // Its three streams and the report socket: nothing of the supervisor's.
    CHECK(streams == "4 descriptors");
    CHECK(running["list:/proc/3/fd"] == "EACCES");
    CHECK(running["open:/proc/3/mem"] == "EACCES");
    CHECK(running["trace:3"] == "EPERM");
}

TEST_CASE("a service that has ended cannot be entered", "[launch]") {
    Scene service{{"ids"}};
    Launch ended{service};
    ended.wait_for_execution();
    ended.finish();
    Scene scene{{"ids"}};
    scene.enter(ended.main, CLONE_NEWNET);

    Launch entered{scene};
    entered.finish();

    REQUIRE(entered.failed);
    CHECK(entered.failed->stage == LaunchStage::join_namespaces);
    CHECK(entered.failed->error == ESRCH);
    CHECK(explain(scene.sealed(), *entered.failed).hint == "the service has ended");
}

TEST_CASE("a privileged entry keeps every capability and has no filter", "[launch][X1]") {
    Scene service{{"wait"}};
    confine(service);
    make_namespaces(service);
    Launch running{service};
    running.wait_for_line("waiting=ready");
    running.wait_for_execution();
    Scene scene{{"status", "namespaces"}};
    scene.child.keep_all_capabilities = true;
    scene.enter(running.main, all_namespaces & ~CLONE_NEWPID);

    Launch entered{scene};
    entered.finish();

    CHECK(entered["status.CapEff"] == status_of(getpid(), "CapEff"));
    CHECK(entered["status.Seccomp"] == status_of(getpid(), "Seccomp"));
    CHECK(entered["ns.mnt"] != namespace_of(getpid(), "mnt"));
}

}  // namespace confinit::testing
