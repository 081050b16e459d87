// SPDX-License-Identifier: Apache-2.0
// Launch: launches that end before there is a process, and ends that are hard to tell.
#include "supervisor/units/launch.h"
#include "base/file.h"
#include "build_paths.h"
#include "child_count.h"
#include "kernel/process.h"
#include "plan_scene.h"
#include "reaping_loop.h"
#include "supervisor/helpers/launcher.h"
#include "temporary_directory.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

using namespace confinit;

namespace {

constexpr CloneMethod method = CloneMethod::clone3_then_move;

LaunchPlan plan_of_sleeper(PlanScene& units) {
    use_host_root(units);
    units.unit.namespaces.mount = false;
    units.unit.service->command = {"/bin/sleep", "100"};
    return units.plan();
}

struct LaunchScene : ReapingLoop {
    LaunchScene() {
        reaper.set_stranger([this](pid_t) { hear_of_launches(machinery); });
    }

    Launch::Listener listener() {
        return {.running = [this] { is_running = true; },
                .ended =
                    [this](ExitStatus status) {
                        ++tellings;
                        if (std::exchange(is_out_of_memory, false)) throw std::bad_alloc{};
                        ended = status;
                    }};
    }

    void make_running(Launch& launch, Launch::Maker maker) {
        is_running = false;
        REQUIRE(launch.begin(plan, -1, {}, maker));
        turn_until([this] { return is_running; });
    }

    void end(Launch& launch) {
        launch.kill_processes();
        turn_until([this] { return ended.has_value(); });
        ended.reset();
    }

    PlanScene units;
    LaunchPlan plan = plan_of_sleeper(units);
    LaunchContext context = units.context();
    Console console{Fd{}};
    std::unique_ptr<CgroupEvents> cgroup_events = *CgroupEvents::make(*loop);
    std::unique_ptr<NodeSignals> signals_of_nodes = *NodeSignals::make(*loop);
    std::unique_ptr<Workers> workers = *Workers::make(*loop, reaper, method);
    std::unique_ptr<Planner> planner = *Planner::make(*loop, reaper, method);
    std::unique_ptr<Launcher> launcher =
        Launcher::make(*loop, reaper, console, CONFINIT_BUILT_LAUNCHER, method);
    DirectoryClaims claims;
    Machinery machinery{*loop,  reaper,  *cgroup_events, *signals_of_nodes, nullptr,   context,
                        method, console, *workers,       *planner,          *launcher, &claims};
    bool is_running = false;
    bool is_out_of_memory = false;
    unsigned tellings = 0;
    std::optional<ExitStatus> ended;
};

}  // namespace

TEST_CASE("a launch that no launcher has answered ends as soon as it is killed", "[launch][N9]") {
    LaunchScene scene;
    {
        Launch first{scene.machinery, Hands::operators(), scene.listener()};
        scene.make_running(first, Launch::Maker::launcher);
        scene.end(first);
    }
    const pid_t stopped = scene.launcher->pid();
    REQUIRE(kill(stopped, SIGSTOP) == 0);
    Launch killed{scene.machinery, Hands::operators(), scene.listener()};
    REQUIRE(killed.begin(scene.plan, -1, {}));
    REQUIRE(scene.loop->run_once());

    killed.kill_processes();

    CHECK(killed.has_ended());
    CHECK_FALSE(killed.has_run());
    REQUIRE(killed.failure());
    CHECK(killed.failure()->text() == "the launcher, confinit-launcher, has not made its process");
    CHECK(scene.ended.has_value());
    CHECK(scene.tellings == 2);
    scene.ended.reset();
    REQUIRE(kill(stopped, SIGCONT) == 0);
    const std::size_t before = count_children();
    Launch next{scene.machinery, Hands::operators(), scene.listener()};
    scene.make_running(next, Launch::Maker::launcher);
    CHECK(scene.launcher->pid() == stopped);
    CHECK(count_children() == before + 1);
    scene.end(next);
}

TEST_CASE("an end that its owner has no memory to hear of is told again", "[launch][N3]") {
    LaunchScene scene;
    Launch launch{scene.machinery, Hands::operators(), scene.listener()};
    scene.make_running(launch, Launch::Maker::copy);
    scene.is_out_of_memory = true;

    launch.main().signal(SIGKILL);
    scene.turn_until([&] { return scene.tellings == 1; });
    CHECK_FALSE(scene.ended);
    (void)scene.reaper.reap(256);

    CHECK(scene.tellings == 2);
    REQUIRE(scene.ended);
    CHECK(scene.ended->status == SIGKILL);
}

TEST_CASE("a launch whose parent fails still knows its preparer", "[launch][R11][N9]") {
    LaunchScene scene;
    const TemporaryDirectory no_node;
    const std::string name = "confinit-test-" + std::to_string(getpid());
    scene.units.unit.directories.runtime = {{.name = name}};
    scene.plan = scene.units.plan();
    const Fd directory{open(no_node.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    for (const auto maker : {Launch::Maker::launcher, Launch::Maker::copy}) {
        Launch launch{scene.machinery, Hands::operators(), scene.listener()};
        scene.ended.reset();

        REQUIRE(launch.begin(scene.plan, directory.get(), {}, maker));
        scene.turn_until([&] { return scene.ended.has_value(); });

        REQUIRE(launch.failure());
        CHECK(launch.failure()->error == ENOENT);
        CHECK_FALSE(launch.has_run());
        CHECK(launch.preparer());
    }
    std::filesystem::remove_all("/run/" + name);
}

TEST_CASE("a launch that has gone is not told why it failed", "[launch][N1][N3]") {
    LaunchScene scene;
    const TemporaryDirectory folder;
    scene.units.unit.service->command = {folder.write("program", "of no format", 0755)};
    scene.plan = scene.units.plan();
    auto launch = std::make_unique<Launch>(scene.machinery, Hands::operators(), scene.listener());
    scene.is_out_of_memory = true;
    REQUIRE(launch->begin(scene.plan, -1, {}, Launch::Maker::copy));
    scene.turn_until([&] { return scene.tellings == 1; });

    launch.reset();
    Launch next{scene.machinery, Hands::operators(), scene.listener()};
    REQUIRE(next.begin(scene.plan, -1, {}, Launch::Maker::copy));
    scene.turn_until([&] { return scene.ended.has_value(); });

    CHECK(scene.tellings == 2);
}
