// SPDX-License-Identifier: Apache-2.0
// Launcher: helpers that end, launches that nobody waits for any more, and no helper at all.
#include "supervisor/helpers/launcher.h"
#include "base/file.h"
#include "build_paths.h"
#include "child_count.h"
#include "kernel/process.h"
#include "plan_scene.h"
#include "reaping_loop.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <seccomp.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace confinit;

namespace {

// A launch whose program is not there: its first process ends by itself.
struct LauncherScene : ReapingLoop {
    explicit LauncherScene(const std::string& program,
                           std::chrono::milliseconds patience = std::chrono::minutes{1}) {
        launcher = Launcher::make(*loop, reaper, console, program, CloneMethod::clone3_then_move,
                                  patience);
        reaper.set_stranger([this](pid_t) { launcher->look_at_all(); });
    }

    bool ask(LaunchRequest& request) {
        request.plan = &plan;
        request.prepared = prepare_launch(plan, -1, {}, CloneMethod::clone3_then_move).value();
        request.done = [this](Result<Spawned> answer) {
            made = std::move(answer);
        };
        return launcher->ask(request);
    }

    // Then the launcher has said its first word.
    void make_one() {
        LaunchRequest request;
        REQUIRE(ask(request));
        turn_until([this] { return made.has_value(); });
        made.reset();
    }

    // A launch of a program that goes on for long.
    void use_sleeper() {
        use_host_root(units);
        units.unit.namespaces.mount = false;
        units.unit.service->command = {"/bin/sleep", "100"};
        plan = units.plan();
    }

    // Until it is a zombie.
    void kill_launcher() const {
        const pid_t pid = launcher->pid();
        REQUIRE(pid > 0);
        Process::open(pid).value().signal(SIGKILL);
        siginfo_t info{};
        REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
    }

    PlanScene units;
    LaunchPlan plan = units.plan();
    Fd console_output{memfd_create("console", MFD_CLOEXEC)};
    Console console{Fd{dup(console_output.get())}};
    std::optional<Result<Spawned>> made;
    std::unique_ptr<Launcher> launcher;
};

// Does the work where no descriptor can be made. A filter is of one thread alone; a limit of none
// would take the sanitizer's own pipe away, too.
void without_descriptors(const std::function<void()>& work) {
    bool is_filtered = false;
    std::jthread([&] {
        const std::unique_ptr<void, decltype(&seccomp_release)> filter{seccomp_init(SCMP_ACT_ALLOW),
                                                                       seccomp_release};
        const auto fails = [&](int call) {
            return seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EMFILE), call, 0) == 0;
        };
        is_filtered = filter && fails(SCMP_SYS(pidfd_open)) && fails(SCMP_SYS(socketpair)) &&
                      seccomp_load(filter.get()) == 0;
        if (is_filtered) work();
    }).join();
    REQUIRE(is_filtered);
}

}  // namespace

TEST_CASE("a launch over which two launchers end is lost, and not tried by PID 1",
          "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_DYING_LAUNCHER};
    LaunchRequest request;

    REQUIRE(scene.ask(request));
    scene.turn_until([&] { return scene.made.has_value(); });

    CHECK_FALSE(scene.made->has_value());
    CHECK(request.is_lost());
    CHECK(scene.launcher->pid() > 0);
}

TEST_CASE("a launcher that is killed takes no launch with it", "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};
    LaunchRequest request;

    REQUIRE(scene.ask(request));
    const pid_t first = scene.launcher->pid();
    scene.kill_launcher();
    scene.turn_until([&] { return scene.made.has_value(); });

    REQUIRE(scene.made->has_value());
    CHECK((*scene.made)->first.pid() > 0);
    scene.turn_until([&] { return scene.launcher->pid() != first; });
    bool has_ended = false;
    scene.reaper.adopt((*scene.made)->first.pid(), [&](ExitStatus) { has_ended = true; });
    scene.turn_until([&] { return has_ended; });
}

TEST_CASE("a launcher that stands still is replaced", "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER, std::chrono::milliseconds{50}};
    LaunchRequest request;
    const pid_t first = scene.launcher->pid();
    REQUIRE(first > 0);
    REQUIRE(kill(first, SIGSTOP) == 0);

    REQUIRE(scene.ask(request));
    scene.turn_until([&] { return scene.made.has_value(); });

    CHECK(scene.made->has_value());
    CHECK(scene.launcher->pid() != first);
    REQUIRE(lseek(scene.console_output.get(), 0, SEEK_SET) == 0);
    const auto lines = read_all(scene.console_output, "console");
    REQUIRE(lines);
    CHECK(lines->contains("no answer for 50ms, killed; perhaps it was stopped by SIGSTOP"));
}

TEST_CASE("without memory for an answer that a launcher has left there is a next one",
          "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};
    scene.make_one();
    LaunchRequest unheard;
    REQUIRE(scene.ask(unheard));
    unheard.done = [](const Result<Spawned>&) {
        throw std::bad_alloc{};
    };
    const std::size_t before = count_children();
    REQUIRE(scene.loop->run_once());
    const auto limit = Clock::now() + std::chrono::seconds{60};
    while (count_children() == before && Clock::now() < limit)
        std::this_thread::yield();
    REQUIRE(count_children() != before);
    const pid_t killed = scene.launcher->pid();
    scene.kill_launcher();

    try {
        while (!scene.reaper.reap(256, killed)) {
        }
    } catch (const std::bad_alloc&) {
        (void)scene.reaper.reap(256);
    }

    CHECK(scene.launcher->pid() > 0);
    CHECK(scene.launcher->pid() != killed);
    LaunchRequest next;
    REQUIRE(scene.ask(next));
    scene.turn_until([&] { return scene.made.has_value(); });
    CHECK(scene.made->has_value());
}

TEST_CASE("a child that cannot be opened by its number does not run on", "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};
    scene.use_sleeper();
    unsigned ended = 0;
    scene.reaper.set_before([&] { ++ended; });
    LaunchRequest request;
    REQUIRE(scene.ask(request));

    without_descriptors([&] {
        while (!scene.made && scene.loop->run_once()) {
        }
    });

    REQUIRE(scene.made.has_value());
    REQUIRE_FALSE(scene.made->has_value());
    CHECK(scene.made->error().call == "pidfd_open");
    CHECK(scene.made->error().error == EMFILE);
    scene.turn_until([&] { return ended > 0; });
}

TEST_CASE("an earlier answer gives a launcher that stands still no more time", "[launcher][N9]") {
    constexpr std::chrono::seconds patience{2};
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER, patience};
    scene.make_one();
    REQUIRE(kill(scene.launcher->pid(), SIGSTOP) == 0);
    const auto begin = Clock::now();

    LaunchRequest request;
    REQUIRE(scene.ask(request));
    scene.turn_until([&] { return scene.made.has_value(); });

    const auto took = Clock::now() - begin;
    CHECK(took >= patience);
    CHECK(took < patience * 7 / 4);
}

TEST_CASE("a launcher that cannot be started for want of descriptors comes later",
          "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};
    const pid_t killed = scene.launcher->pid();
    scene.kill_launcher();

    without_descriptors([&] {
        while (scene.launcher->pid() == killed && scene.loop->run_once()) {
        }
    });

    CHECK(scene.launcher->pid() == 0);
    LaunchRequest request;
    CHECK_FALSE(scene.ask(request));
    scene.turn_until([&] { return scene.launcher->pid() > 0; });
    scene.make_one();
}

TEST_CASE("launches that are asked for again keep their order", "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};
    scene.make_one();
    REQUIRE(kill(scene.launcher->pid(), SIGSTOP) == 0);
    std::array<LaunchRequest, 3> requests;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        REQUIRE(scene.ask(requests[i]));
        requests[i].done = [&order, i](const Result<Spawned>&) {
            order.push_back(i);
        };
    }
    REQUIRE(scene.loop->run_once());

    scene.kill_launcher();
    scene.turn_until([&] { return order.size() == requests.size(); });

    CHECK(order == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("launches that nobody waits for give their slots back", "[launcher][N9]") {
    LauncherScene scene{CONFINIT_BUILT_LAUNCHER};

    for (std::size_t i = 0; i < launch_slot_count + 10; ++i) {
        LaunchRequest forgotten;
        REQUIRE(scene.ask(forgotten));
        if (i % 2 == 0) REQUIRE(scene.loop->run_once());
        scene.launcher->forget(forgotten);
        scene.made.reset();
    }
    LaunchRequest request;
    scene.turn_until([&] { return scene.ask(request); });
    scene.turn_until([&] { return scene.made.has_value(); });

    CHECK(scene.made->has_value());
}

TEST_CASE("without a launcher nobody is asked", "[launcher][N9]") {
    LauncherScene scene{"/no/such/launcher"};
    LaunchRequest request;

    CHECK_FALSE(scene.ask(request));
}
