// SPDX-License-Identifier: Apache-2.0
// Our reaper as PID 1 of a service's pid namespace: it is harmless, reaps, forwards, and passes on
// how the main process ended.
#include "by_launcher.h"
#include "fault.h"
#include "scene.h"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

void answer(const Fd& listener, std::uint64_t id, int error) {
    seccomp_notif_resp response{};
    response.id = id;
    response.error = -error;
    response.flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0U;
    REQUIRE(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
}

void wait_until_zombie(pid_t process) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!status_of(process, "State").starts_with("Z")) {
        if (std::chrono::steady_clock::now() > deadline) FAIL("it lives on");
        (void)sched_yield();
    }
}

// Both stand at the same call. The main process's fails, and only when it has ended does the
// reaper go on.
void release_main_then_reaper(const Fd& listener, pid_t reaper) {
    std::array<seccomp_notif, 2> stopped{};
    for (seccomp_notif& process : stopped) {
        REQUIRE(ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &process) == 0);
    }
    if (static_cast<pid_t>(stopped[0].pid) == reaper) std::swap(stopped[0], stopped[1]);
    answer(listener, stopped[0].id, EIO);
    wait_until_zombie(static_cast<pid_t>(stopped[0].pid));
    answer(listener, stopped[1].id, 0);
}

}  // namespace

TEST_CASE("the main process is the first child of our reaper", "[launch][H15]") {
    Scene scene{{"process", "read:/proc/1/comm", "wait"}};
    scene.with_reaper();
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    const std::string parent = status_of(launch.main.pid(), "PPid");
    launch.signal(SIGTERM);
    launch.finish();

    CHECK(launch["pid"] == "2");
    CHECK(launch["ppid"] == "1");
    CHECK(launch["read:/proc/1/comm"] == "confinit-reaper");
    CHECK(launch.main.pid() != launch.spawned.first.pid());
    CHECK(parent == std::to_string(launch.spawned.first.pid()));
}

TEST_CASE("the reaper has the service's ids and no right at all", "[launch][H15]") {
    const uid_t uid = GENERATE(0U, 65534U);
    Scene scene{{"status", "namespaces", "wait"}};
    scene.child.uid = uid;
    scene.child.gid = uid;
    scene.with_reaper();

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    const pid_t reaper = launch.spawned.first.pid();
    const std::string user = std::to_string(uid);
    const auto line = [reaper](std::string_view key) {
        return status_of(reaper, key);
    };

    CHECK(line("Uid") == user + "\t" + user + "\t" + user + "\t" + user);
    CHECK(line("Gid") == user + "\t" + user + "\t" + user + "\t" + user);
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        CHECK(line(set) == "0000000000000000");
    }
    CHECK(line("NoNewPrivs") == "1");
    CHECK(line("Seccomp") == "2");
    CHECK(line("Name") == "confinit-reaper");
    CHECK(namespace_of(reaper, "pid") == launch["ns.pid"]);
    // The filter and no_new_privs are the reaper's alone.
    CHECK(launch["status.NoNewPrivs"] == "0");
}

TEST_CASE("the service can neither trace the reaper nor look into it", "[launch][H15]") {
    Scene scene{{"trace:1", "open:/proc/1/fd/0", "read:/proc/1/environ", "open:/proc/1/mem"}};
    scene.child.uid = GENERATE(0U, 65534U);
    scene.child.bounding = 0;
    scene.with_reaper();
    scene.mount({.kind = MountOpKind::proc, .target = "/proc"});

    Launch launch{scene};
    launch.finish();

    CHECK(launch["trace:1"] == "EPERM");
    CHECK(launch["open:/proc/1/fd/0"] == "EACCES");
    CHECK(launch["read:/proc/1/environ"] == "EACCES");
    CHECK(launch["open:/proc/1/mem"] == "EACCES");
}

TEST_CASE("the main process has none of the reaper's descriptors", "[launch][X4]") {
    Scene scene{{"descriptors"}};
    scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    CHECK(launch["descriptors"] == "0 1 2");
}

TEST_CASE("signals from outside go on to the main process", "[launch][H15]") {
    const int number = GENERATE(SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGRTMIN + 3);
    Scene scene{{"wait", "exit:9"}};
    scene.with_reaper();

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    launch.signal(number);
    launch.finish();

    CHECK(launch["signal"] == std::to_string(number));
    REQUIRE(launch.main_status);
    CHECK(WEXITSTATUS(*launch.main_status) == 9);
}

TEST_CASE("a signal that comes before the reaper runs is not lost", "[launch][H15]") {
    Scene scene{{"pause"}};
    scene.child.limits_by_parent = true;
    scene.with_reaper();

    Launch launch{scene};
    launch.signal(SIGTERM);
    launch.finish();

    REQUIRE(launch.main_status);
    CHECK(WIFSIGNALED(*launch.main_status));
    CHECK(WTERMSIG(*launch.main_status) == SIGTERM);
}

TEST_CASE("the main process's exit status is passed on, by record and by the reaper's own",
          "[launch][H15]") {
    const int status = GENERATE(0, 1, 42, 255);
    Scene scene{{"exit:" + std::to_string(status)}};
    scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.main_status);
    CHECK(WIFEXITED(*launch.main_status));
    CHECK(WEXITSTATUS(*launch.main_status) == status);
    CHECK(WIFEXITED(launch.status));
    CHECK(WEXITSTATUS(launch.status) == status);
}

TEST_CASE("the main process's death by a signal is passed on", "[launch][H15]") {
    const int number = GENERATE(SIGKILL, SIGTERM, SIGSEGV);
    Scene scene{{"raise:" + std::to_string(number)}};
    scene.limit(4, 0, 0);
    scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.main_status);
    CHECK(WIFSIGNALED(*launch.main_status));
    CHECK(WTERMSIG(*launch.main_status) == number);
    CHECK(WEXITSTATUS(launch.status) == 128 + number);
}

TEST_CASE("orphans are reaped", "[launch][H15]") {
    Scene scene{{"orphan", "orphans:100"}};
    scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    CHECK(launch["orphan"] == "reaped");
    // Their signals run into one another, and still none is left a zombie.
    CHECK(launch["orphans"] == "0");
}

TEST_CASE("a program that cannot be executed ends the reaper too", "[launch][H4]") {
    Scene scene{{"ids"}};
    scene.plan.executable = "/no/such/program";
    scene.with_reaper();

    Launch launch{scene};
    launch.finish();

    REQUIRE(launch.failed);
    CHECK(launch.failed->stage == LaunchStage::exec);
    CHECK(launch.failed->error == ENOENT);
    CHECK(WIFEXITED(launch.status));
    CHECK(WEXITSTATUS(launch.status) == exit_setup_failed);
}

TEST_CASE("a main process that ends before the reaper looks is not waited for", "[launch][H15]") {
    // A launcher's children have no call by which the reaper alone could be held up.
    if (is_by_launcher()) return;
    Scene scene{{"ids"}};
    scene.with_reaper();

    // The main process fails in its last steps, the reaper is held up in its first ones.
    std::unique_ptr<Launch> launch;
    run_with_fault({.call = SYS_rt_sigaction,
                    .action = SECCOMP_RET_USER_NOTIF,
                    .argument = 0,
                    .value = SIGCHLD},
                   [&](const Fd& listener) {
                       launch = std::make_unique<Launch>(scene);
                       release_main_then_reaper(listener, launch->spawned.first.pid());
                   });
    launch->finish();

    REQUIRE(launch->failed);
    CHECK(launch->failed->stage == LaunchStage::session);
    CHECK(WEXITSTATUS(launch->status) == exit_setup_failed);
}

TEST_CASE("a reaper that cannot lock itself says so, and there is no service", "[launch][H3]") {
    Scene scene{{"ids"}};
    scene.with_reaper();

    std::unique_ptr<Launch> launch;
    run_with_fault({.call = SYS_seccomp, .action = SECCOMP_RET_ERRNO | EIO},
                   [&](const Fd&) { launch = std::make_unique<Launch>(scene); });
    launch->finish();

    REQUIRE(launch->failed);
    CHECK(launch->failed->stage == LaunchStage::reaper_ready);
    CHECK(launch->output.empty());
    CHECK(WEXITSTATUS(launch->status) == exit_setup_failed);
}

TEST_CASE("with the reaper, everything in the namespace ends", "[launch][H15]") {
    Scene scene{{"wait"}};
    scene.with_reaper();

    Launch launch{scene};
    launch.wait_for_line("waiting=ready");
    launch.signal(SIGKILL);
    launch.finish();

    CHECK(WTERMSIG(launch.status) == SIGKILL);
    CHECK_FALSE(launch.main_status);
    CHECK_FALSE(launch.main.is_there());
}

}  // namespace confinit::testing
