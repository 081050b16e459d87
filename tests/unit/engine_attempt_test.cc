// SPDX-License-Identifier: Apache-2.0
// The attempts of one start: what is tried again, how often and when, and what comes in between.
#include "engine/attempts.h"
#include "engine_scene.h"

#include <catch2/catch.hpp>
#include <chrono>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

constexpr Fault busy{.lack = Lack::node};
constexpr Fault scarce{.lack = Lack::resources};
constexpr Fault by_old_plan{.plan_is_old = true};
constexpr Fault by_optional_key{.key_is_optional = true};
constexpr Fault by_either{.plan_is_old = true, .key_is_optional = true};

Scene with_launch(UnitSpec spec = service("web")) {
    Scene scene;
    const std::string name = spec.name;
    scene.engine.load(std::move(spec));
    CHECK(scene.start(name, 1) == "launch web");
    return scene;
}

TEST_CASE("every fault after every history has the written answer", "[unit][engine][N1]") {
    for (const bool is_planned_anew : {false, true}) {
        for (const bool plan_is_old : {false, true}) {
            for (const bool key_is_optional : {false, true}) {
                const Attempts attempts{.is_planned_anew = is_planned_anew};
                const Fault fault{.plan_is_old = plan_is_old, .key_is_optional = key_is_optional};
                const bool blames_plan = plan_is_old && !is_planned_anew;
                const Input last = key_is_optional ? Input::leave_out : Input::launch_failed;
                CHECK(answer_to_failure(attempts, Event::launch_failed, fault) ==
                      (blames_plan ? Input::plan_anew : last));
            }
        }
    }
    CHECK(answer_to_failure({}, Event::launcher_lost, {}) == Input::launch_again);
    CHECK(answer_to_failure({.has_lost_launcher = true}, Event::launcher_lost, {}) ==
          Input::launch_failed);
    CHECK(answer_to_failure({.for_node = 99}, Event::launch_failed, busy) == Input::try_later);
    CHECK(answer_to_failure({.for_node = 100}, Event::launch_failed, busy) == Input::launch_failed);
    CHECK(answer_to_failure({.for_node = 100}, Event::launch_failed, scarce) == Input::try_later);
    CHECK(answer_to_failure({.for_resources = 5}, Event::launch_failed, scarce) ==
          Input::launch_failed);
}

TEST_CASE("a start goes from its plan to its turn to its launch", "[unit][engine][N4]") {
    Scene scene;
    scene.launches_have_turns = false;
    scene.engine.load(service("web"));

    CHECK(scene.start("web", 1) == "plan web");
    CHECK(scene.tell("web", Event::turn_came) == "");
    CHECK(scene.tell("web", Event::planned) == "queue web");
    CHECK(scene.tell("web", Event::planned) == "");
    CHECK(scene.tell("web", Event::turn_came) == "launch web");
    CHECK(scene.tell("web", Event::turn_came) == "");
    CHECK(scene.engine.state("web").step == Step::launching);
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
    CHECK(scene.engine.state("web").step == Step::none);
}

TEST_CASE("an optional key that a launch fails for is left out of the next", "[unit][engine][H3]") {
    Scene scene = with_launch();

    CHECK(scene.tell("web", Event::launch_failed, "one", by_optional_key) ==
          "leave-out web, drop web");
    CHECK(scene.tell("web", Event::dropped) == "launch web");
    CHECK(scene.tell("web", Event::launch_failed, "another", by_optional_key) ==
          "leave-out web, drop web");
    CHECK(scene.tell("web", Event::dropped) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
    CHECK(scene.engine.state("web").reason.empty());
}

TEST_CASE("a key that no plan can be made with is left out at once", "[unit][engine][H3]") {
    Scene scene;
    scene.launches_have_turns = false;
    scene.engine.load(service("web"));
    scene.start("web", 1);

    CHECK(scene.tell("web", Event::launch_failed, "no such user", by_optional_key) ==
          "leave-out web, plan web");
    CHECK(scene.tell("web", Event::launch_failed, "no such path") == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: no such path");
}

TEST_CASE("an old plan is blamed once, and before any key", "[unit][engine][N1]") {
    Scene scene = with_launch();

    CHECK(scene.tell("web", Event::launch_failed, "turned", by_either) ==
          "drop-plan web, drop web");
    CHECK(scene.tell("web", Event::dropped) == "launch web");
    CHECK(scene.tell("web", Event::launch_failed, "turned", by_either) ==
          "leave-out web, drop web");
    CHECK(scene.tell("web", Event::dropped) == "launch web");
    CHECK(scene.tell("web", Event::launch_failed, "turned", by_old_plan) == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: turned");

    CHECK(scene.start("web", 2) == "launch web");
    CHECK(scene.tell("web", Event::launch_failed, "turned", by_old_plan) ==
          "drop-plan web, drop web");
}

TEST_CASE("a plan that its turn has come too late for is made again, untold",
          "[unit][engine][N1]") {
    Scene scene = with_launch();

    CHECK(scene.tell("web", Event::plan_outdated) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("what an earlier run has left is waited for two seconds", "[unit][engine][N6]") {
    Scene scene = with_launch();

    for (int i = 0; i < 100; ++i) {
        REQUIRE(scene.tell("web", Event::launch_failed, "rmdir: busy", busy) == "drop web");
        REQUIRE(scene.tell("web", Event::dropped) == "");
        REQUIRE(scene.pass(19'999us) == "");
        REQUIRE(scene.pass(1us) == "launch web");
    }
    CHECK(scene.tell("web", Event::launch_failed, "rmdir: busy", busy) == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: rmdir: busy");
}

TEST_CASE("scarce memory is waited for five times a second, and told once", "[unit][engine][R1]") {
    Scene scene = with_launch();

    CHECK(scene.tell("web", Event::launch_failed, "no memory", scarce) == "drop web, tell web");
    for (int i = 0; i < 4; ++i) {
        REQUIRE(scene.tell("web", Event::dropped) == "");
        REQUIRE(scene.pass(999'999us) == "");
        REQUIRE(scene.pass(1us) == "launch web");
        REQUIRE(scene.tell("web", Event::launch_failed, "no memory", scarce) == "drop web");
    }
    CHECK(scene.tell("web", Event::dropped) == "");
    CHECK(scene.pass(1s) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("a planner without memory is asked again after a second", "[unit][engine][R1]") {
    Scene scene;
    scene.launches_have_turns = false;
    scene.engine.load(service("web"));
    scene.start("web", 1);

    CHECK(scene.tell("web", Event::launch_failed, "no memory", scarce) == "tell web");
    CHECK(scene.pass(1s) == "plan web");
}

TEST_CASE("a lost launcher is asked once again, with a fresh node", "[unit][engine][N1]") {
    Scene scene = with_launch();

    CHECK(scene.tell("web", Event::launcher_lost, "the launcher has ended") ==
          "drop web, tell web");
    CHECK(scene.tell("web", Event::cgroup_empty) == "");
    CHECK(scene.tell("web", Event::dropped) == "launch web");
    CHECK(scene.tell("web", Event::launcher_lost, "two launchers have ended") == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: two launchers have ended");

    CHECK(scene.start("web", 2) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 2 done");
    CHECK(scene.tell("web", Event::launcher_lost) == "");
    CHECK(scene.sub("web") == "running");
}

TEST_CASE("a node that resists is killed and dropped again, and at last fails the start",
          "[unit][engine][N6]") {
    UnitSpec web = service("web");
    web.start_timeout = Time::max();
    Scene scene = with_launch(std::move(web));
    CHECK(scene.tell("web", Event::launch_failed, "why", by_optional_key) ==
          "leave-out web, drop web");

    for (int i = 0; i < 11; ++i) {
        REQUIRE(scene.tell("web", Event::release_failed) == "");
        REQUIRE(scene.pass(1s) == "kill web, drop web");
    }
    CHECK(scene.tell("web", Event::release_failed) == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: why");
}

TEST_CASE("all attempts have the start timeout together", "[unit][engine][N4]") {
    UnitSpec web = service("web");
    web.start_timeout = 5s;
    Scene scene = with_launch(std::move(web));
    scene.tell("web", Event::launch_failed, "no memory", scarce);
    scene.tell("web", Event::dropped);
    scene.pass(1s);
    CHECK(scene.engine.state("web").deadline == Time{5s});
    scene.tell("web", Event::launch_failed, "no memory", scarce);
    scene.tell("web", Event::dropped);
    scene.pass(1s);

    scene.pass(2'999'999us);
    CHECK(scene.sub("web") == "start");
    CHECK(scene.pass(1us) == "kill web");
    CHECK(scene.tell("web", Event::launch_failed, "killed") == "release web");
    CHECK(scene.tell("web", Event::released) ==
          "job 1 timed-out: start timed out after 5s, after no memory");
}

TEST_CASE("a start that has no process ends without one when its time is over",
          "[unit][engine][N4]") {
    UnitSpec web = service("web");
    web.start_timeout = 500ms;
    Scene scene = with_launch(std::move(web));
    scene.tell("web", Event::launch_failed, "no memory", scarce);
    scene.tell("web", Event::dropped);

    CHECK(scene.pass(500ms) == "release web");
    CHECK_FALSE(scene.engine.state("web").next_try);
    CHECK(scene.tell("web", Event::released) ==
          "job 1 timed-out: start timed out after 500ms, after no memory");
    CHECK_FALSE(scene.engine.next_deadline());
}

// Brings a start of web into this step.
Scene in_step(Step step) {
    Scene scene;
    scene.launches_have_turns = false;
    scene.engine.load(service("web"));
    scene.engine.load(service_on("top", "web"));
    scene.start("web", 1);
    if (step == Step::planning) return scene;
    scene.tell("web", Event::planned);
    if (step == Step::queued) return scene;
    scene.tell("web", Event::turn_came);
    if (step == Step::launching) return scene;
    scene.tell("web", Event::launch_failed, "no memory", scarce);
    if (step == Step::clearing) return scene;
    scene.tell("web", Event::dropped);
    return scene;
}

constexpr Step all_steps[] = {Step::planning, Step::queued, Step::launching, Step::clearing,
                              Step::resting};

TEST_CASE("a stop in any step of a start ends it, and nothing is launched", "[unit][engine][N1]") {
    for (const Step step : all_steps) {
        Scene scene = in_step(step);
        REQUIRE(scene.engine.state("web").step == step);
        const bool has_process = step == Step::launching;

        CHECK(scene.stop("web", 2) == std::string{"job 1 canceled: it was stopped, "} +
                                          (has_process ? "kill web" : "release web"));
        for (const Event late : {Event::planned, Event::turn_came, Event::dropped})
            CHECK(scene.tell("web", late) == "");
        if (has_process) CHECK(scene.tell("web", Event::plan_outdated) == "release web");
        CHECK(scene.tell("web", Event::released) == "job 2 done");
        CHECK(scene.sub("web") == "dead");
        CHECK_FALSE(scene.engine.next_deadline());
    }
}

TEST_CASE("a restart in any step of a start begins it anew", "[unit][engine][N1]") {
    for (const Step step : all_steps) {
        Scene scene = in_step(step);

        scene.restart("web", 2);
        if (step == Step::launching) scene.tell("web", Event::launch_failed);
        CHECK(scene.tell("web", Event::released) == "plan web");
        scene.tell("web", Event::planned);
        CHECK(scene.tell("web", Event::turn_came) == "launch web");
        CHECK(scene.tell("web", Event::launched) == "job 1 done, job 2 done");
    }
}

TEST_CASE("the end of everything ends a start in any step", "[unit][engine][N6]") {
    for (const Step step : all_steps) {
        Scene scene = in_step(step);

        scene.shut_down();
        if (step == Step::launching) scene.tell("web", Event::launch_failed);
        scene.tell("web", Event::turn_came);
        scene.tell("web", Event::released);
        CHECK(scene.engine.is_quiet());
        CHECK(scene.sub("web") == "dead");
    }
}

TEST_CASE("another version of the unit that comes in any step changes nothing of its start",
          "[unit][engine][C8]") {
    for (const Step step : all_steps) {
        Scene scene = in_step(step);
        scene.engine.load(target("web"));
        scene.launches_have_turns = true;

        if (step == Step::planning) CHECK(scene.tell("web", Event::planned) == "launch web");
        if (step == Step::queued) CHECK(scene.tell("web", Event::turn_came) == "launch web");
        if (step == Step::clearing) scene.tell("web", Event::dropped);
        if (step >= Step::clearing) CHECK(scene.pass(1s) == "launch web");
        CHECK(scene.tell("web", Event::launched) == "job 1 done");
        CHECK(scene.stop("web", 2) == "signal web");
    }
}

TEST_CASE("a unit whose stop waits for another one has no turn", "[unit][engine][N1]") {
    Scene scene;
    scene.launches_have_turns = false;
    scene.engine.load(service("web"));
    scene.engine.load(service_on("top", "web"));
    scene.bring_up("top");
    scene.tell("web", Event::main_failed);
    scene.tell("web", Event::cgroup_empty);
    scene.tell("web", Event::released);
    scene.start("web", 1);
    scene.tell("web", Event::planned);

    CHECK(scene.stop("web", 2) == "job 1 canceled: it was stopped, signal top");
    CHECK(scene.tell("web", Event::turn_came) == "");
    CHECK(scene.sub("web") == "start");
    CHECK(scene.end("top", Event::main_exited_clean) == "release top, release web");
}

TEST_CASE("a launch that stood still and has failed leaves its time to the next one",
          "[unit][engine][D4]") {
    UnitSpec web = service("web");
    web.start_timeout = 5s;
    Scene scene = with_launch(std::move(web));
    scene.tell("web", Event::frozen);
    scene.pass(60s);
    scene.tell("web", Event::launch_failed, "turned", by_old_plan);
    scene.tell("web", Event::dropped);

    CHECK(scene.pass(4'999'999us) == "");
    CHECK(scene.pass(1us) == "kill web");
}

}  // namespace
}  // namespace confinit::engine
