// SPDX-License-Identifier: Apache-2.0
// Runs that do not end: processes that SIGKILL does not end, nodes that cannot be removed, the
// deadline of the end of everything, and processes that stand still.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

UnitSpec quick(UnitSpec spec) {
    spec.stop_timeout = 1s;
    return spec;
}

// Passes the time second by second, as long as nothing but another kill comes of it.
std::string pass_until_else(Scene& scene, const std::string& usual) {
    for (int second = 0; second < 60; ++second) {
        const std::string text = scene.pass(1s);
        if (text != usual) return std::to_string(second + 1) + "s: " + text;
    }
    return "nothing";
}

// Job 1 stops it, and it does not end.
void let_stick(Scene& scene, const std::string& unit) {
    scene.stop(unit, 1);
    CHECK(scene.pass(1s) == "kill " + unit);
    CHECK(pass_until_else(scene, "kill " + unit) == "10s: kill " + unit + ", look " + unit);
}

TEST_CASE("a stop that cannot finish answers with who is left", "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(quick(service("web")));
    scene.bring_up("web");
    let_stick(scene, "web");

    CHECK(scene.tell("web", Event::stuck, "pid 7") == "job 1 timed-out: pid 7");
    CHECK(scene.sub("web") == "stuck");
    CHECK(scene.engine.state("web").active == ActiveState::failed);
    CHECK(scene.engine.is_quiet());
    CHECK_FALSE(scene.engine.next_deadline());
    CHECK(scene.stop("web", 2) == "kill web, job 2 timed-out: pid 7");
}

TEST_CASE("a stuck unit does not start until its last process is gone", "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(quick(service("web")));
    scene.bring_up("web");
    let_stick(scene, "web");
    scene.tell("web", Event::stuck, "pid 7");

    CHECK(scene.start("web", 2) == "job 2 failed: its last run has not ended: pid 7");
    CHECK(scene.restart("web", 3) == "job 3 failed: its last run has not ended: pid 7");
    CHECK(scene.end("web", Event::main_failed) == "release web");
    CHECK(scene.sub("web") == "dead");
    CHECK(scene.start("web", 4) == "launch web");
}

TEST_CASE("what needs a stuck unit or conflicts with it fails, and is tried again",
          "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(quick(service("web")));
    scene.engine.load(service_on("app", "web"));
    UnitSpec rival = service("rival");
    rival.conflicts = {"web"};
    rival.restart = Restart::on_failure;
    scene.engine.load(rival);
    scene.bring_up("web");
    CHECK(scene.start("rival", 2) == "signal web");
    CHECK(scene.pass(1s) == "kill web");
    pass_until_else(scene, "kill web");

    CHECK(scene.tell("web", Event::stuck, "pid 7") ==
          "job 2 dependency-failed: conflicts with 'web', which is stuck: pid 7");
    CHECK(scene.sub("rival") == "auto-restart");
    CHECK(scene.start("app", 3) ==
          "job 3 dependency-failed: requires 'web', which is stuck: pid 7");
    scene.end("web", Event::main_failed);
    CHECK(scene.pass(1s) == "launch rival");
}

TEST_CASE("what needs a stuck unit and pauses for nothing is not tried all the time",
          "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(quick(service("web")));
    UnitSpec app = service("app");
    app.requires_units = {"web"};
    app.after = {"web"};
    app.restart = Restart::always;
    app.restart_delay = 0s;
    app.restart_max_delay = 0s;
    scene.engine.load(app);
    scene.bring_up("web");
    let_stick(scene, "web");
    scene.tell("web", Event::stuck, "pid 7");

    CHECK(scene.start("app", 3) ==
          "job 3 dependency-failed: requires 'web', which is stuck: pid 7");
    for (int tries = 0; tries < 5; ++tries) {
        CHECK(scene.sub("app") == "auto-restart");
        const auto next = scene.engine.next_deadline();
        REQUIRE(next);
        CHECK(*next >= scene.now + 100ms);
        scene.pass(100ms);
    }
}

TEST_CASE("the order of a stop goes on behind a stuck unit", "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(service("net"));
    scene.engine.load(quick(service_on("web", "net")));
    scene.bring_up("web");
    CHECK(scene.shut_down() == "signal web");
    scene.pass(1s);
    pass_until_else(scene, "kill web");

    CHECK(scene.tell("web", Event::stuck, "pid 7") == "signal net");
    CHECK(scene.end("net", Event::main_exited_clean) == "release net");
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("a node that cannot be removed is stuck as well, and tried again", "[unit][engine][N6]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);
    CHECK(scene.end("web", Event::main_exited_clean) == "release web, job 1 done");

    scene.bring_up("web");
    scene.stop("web", 2);
    scene.tell("web", Event::main_exited_clean);
    scene.tell("web", Event::cgroup_empty);
    std::string last;
    for (int i = 0; i < 100 && !last.contains("look"); ++i) {
        scene.tell("web", Event::release_failed);
        last = scene.pass(1s);
    }
    CHECK(last == "kill web, release web, look web");
    CHECK(scene.tell("web", Event::release_failed) == "");
    CHECK(scene.tell("web", Event::stuck, "busy") == "job 2 timed-out: busy");
    CHECK(scene.pass(1s) == "kill web, release web");
    CHECK(scene.tell("web", Event::released) == "");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a start that times out and cannot be killed fails", "[unit][engine][N6]") {
    Scene scene;
    UnitSpec web = notifying("web");
    web.start_timeout = 5s;
    scene.engine.load(web);
    scene.start("web", 1);
    CHECK(scene.pass(5s) == "kill web");
    pass_until_else(scene, "kill web");

    CHECK(scene.tell("web", Event::stuck, "pid 7") == "job 1 timed-out: pid 7");
    CHECK(scene.sub("web") == "stuck");
}

TEST_CASE("the end of everything leaves a stop no more than what is left", "[unit][engine][N6]") {
    Scene scene;
    UnitSpec slow = service("slow");
    slow.stop_timeout = 60s;
    UnitSpec endless = service("endless");
    endless.stop_timeout = Time::max();
    scene.engine.load(slow);
    scene.engine.load(endless);
    scene.engine.load(quick(service("web")));
    for (const char* unit : {"slow", "endless", "web"})
        scene.bring_up(unit);
    scene.stop("slow", 1);
    scene.shut_down(20s);

    CHECK(scene.engine.state("slow").deadline == Time{20s});
    CHECK(scene.engine.state("slow").is_cut_short);
    CHECK(scene.engine.state("endless").deadline == Time{20s});
    CHECK(scene.engine.state("web").deadline == Time{1s});
    CHECK_FALSE(scene.engine.state("web").is_cut_short);
    scene.engine.extend("endless", 100s, scene.now);
    CHECK(scene.engine.state("endless").deadline == Time{20s});

    scene.engine.limit_stops(3s, scene.now);
    CHECK(scene.pass(1s) == "kill web");
    scene.end("web", Event::main_failed);
    CHECK(scene.pass(2s) == "kill endless, kill slow");
    CHECK(scene.engine.state("slow").reason == "did not stop before the end of everything, killed");
}

TEST_CASE("the start timeout stands still while the service does", "[unit][engine][N13]") {
    Scene scene;
    UnitSpec web = notifying("web");
    web.start_timeout = 5s;
    scene.engine.load(web);
    scene.start("web", 1);
    scene.tell("web", Event::launched);
    scene.pass(3s);

    scene.tell("web", Event::frozen);
    CHECK(scene.engine.state("web").is_frozen);
    CHECK(scene.pass(100s) == "");
    scene.tell("web", Event::thawed);
    CHECK(scene.pass(2s - 1us) == "");
    CHECK(scene.pass(1us) == "kill web");
}

TEST_CASE("the stop timeout of a frozen service begins when it is thawed", "[unit][engine][N13]") {
    Scene scene;
    scene.engine.load(quick(service("web")));
    scene.bring_up("web");
    scene.tell("web", Event::frozen, "group 'all'");
    scene.stop("web", 1);

    SECTION("thawed") {
        scene.pass(900ms);
        scene.tell("web", Event::thawed);
        CHECK(scene.pass(999ms) == "");
        CHECK(scene.pass(1ms) == "kill web");
        CHECK(scene.engine.state("web").reason == "did not stop within 1s, killed");
    }
    SECTION("by a group that stays frozen") {
        CHECK(scene.pass(1s) == "kill web");
        CHECK(scene.engine.state("web").reason ==
              "did not stop within 1s, frozen by group 'all', killed");
    }
}

}  // namespace
}  // namespace confinit::engine
