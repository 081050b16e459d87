// SPDX-License-Identifier: Apache-2.0
// Stopping: signal, timeout, kill, release; the reverse order; restart requests; shutting down.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a stop is a signal, the wait for the last process, and the release",
          "[unit][engine][G4]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");

    CHECK(scene.stop("web", 1) == "signal web");
    CHECK(scene.tell("web", Event::main_failed) == "");
    CHECK(scene.sub("web") == "stop-sigterm");
    CHECK(scene.tell("web", Event::cgroup_empty) == "release web");
    CHECK(scene.sub("web") == "release");
    CHECK(scene.tell("web", Event::released) == "job 1 done");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("an empty node may be seen before the main process's exit, and twice",
          "[unit][engine][G3]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.tell("web", Event::cgroup_empty) == "");
    CHECK(scene.tell("web", Event::cgroup_empty) == "");
    CHECK(scene.tell("web", Event::main_exited_clean) == "release web");
    CHECK(scene.tell("web", Event::cgroup_empty) == "");
    CHECK(scene.tell("web", Event::main_exited_clean) == "");
}

TEST_CASE("who does not heed the signal is killed when the stop timeout is over",
          "[unit][engine][G4]") {
    Scene scene;
    UnitSpec web = service("web");
    web.stop_timeout = 10s;
    scene.engine.load(web);
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.engine.next_deadline() == Time{10s});
    CHECK(scene.pass(10s) == "kill web");
    CHECK(scene.engine.state("web").reason == "did not stop within 10s, killed");
    CHECK(scene.pass(1s) == "kill web");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a stop timeout of zero kills at once after the signal", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.stop_timeout = 0s;
    scene.engine.load(web);
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.pass(0s) == "kill web");
}

TEST_CASE("a release that fails is asked for again, ever more slowly, after another kill",
          "[unit][engine][G4]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);
    scene.tell("web", Event::cgroup_empty);
    scene.tell("web", Event::main_failed);

    for (const Time delay : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
        CHECK(scene.tell("web", Event::release_failed) == "");
        CHECK(scene.pass(delay - 1us) == "");
        CHECK(scene.pass(1us) == "kill web, release web");
    }
    CHECK(scene.tell("web", Event::released) == "job 1 done");

    scene.bring_up("web");
    scene.end("web", Event::main_failed);
    scene.bring_up("web");
    scene.tell("web", Event::cgroup_empty);
    scene.tell("web", Event::main_failed);
    scene.tell("web", Event::release_failed);
    CHECK(scene.engine.next_deadline() == scene.now + 10ms);
}

TEST_CASE("processes that outlive the main one are stopped before the run is over",
          "[unit][engine][G3]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");

    CHECK(scene.tell("web", Event::main_exited_clean) == "signal web");
    CHECK(scene.pass(10s) == "kill web");
    CHECK(scene.tell("web", Event::cgroup_empty) == "release web");
    CHECK(scene.tell("web", Event::released) == "");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a stop of what is down is done at once", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));

    CHECK(scene.stop("web", 1) == "job 1 done");
}

TEST_CASE("a oneshot that has exited is stopped at once", "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("setup"));
    scene.bring_up("setup");
    scene.end("setup", Event::main_exited_clean);
    REQUIRE(scene.sub("setup") == "exited");

    CHECK(scene.stop("setup", 1) == "job 1 done");
    CHECK(scene.sub("setup") == "dead");
}

TEST_CASE("a stop during the launch kills, and cancels the start", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.start("web", 1);

    CHECK(scene.stop("web", 2) == "job 1 canceled: it was stopped, kill web");
    CHECK(scene.tell("web", Event::launched) == "");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 2 done");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a stop of a oneshot that runs sends it the signal", "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("setup"));
    scene.start("setup", 1);
    scene.tell("setup", Event::launched);

    CHECK(scene.stop("setup", 2) == "job 1 canceled: it was stopped, signal setup");
    CHECK(scene.end("setup", Event::main_exited_clean) == "release setup, job 2 done");
    CHECK(scene.sub("setup") == "dead");
}

TEST_CASE("a stop of a unit that waits cancels it at once", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.start("web", 1);

    CHECK(scene.stop("web", 2) == "job 1 canceled: it was stopped, job 2 done");
    CHECK(scene.sub("web") == "dead");
    CHECK(scene.tell("db", Event::launched) == "");
}

TEST_CASE("two stops end together", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.stop("web", 2) == "");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done, job 2 done");
}

TEST_CASE("a start during a stop comes after it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.start("web", 2) == "");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done, launch web");
    CHECK(scene.tell("web", Event::launched) == "job 2 done");
}

TEST_CASE("a stop cancels a start that comes after another stop", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.stop("web", 1);
    scene.start("web", 2);

    CHECK(scene.stop("web", 3) == "job 2 canceled: it was stopped");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done, job 3 done");
}

TEST_CASE("a stop stops what requires the unit first", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("net"));
    scene.engine.load(service_on("db", "net"));
    scene.engine.load(service_on("web", "db"));
    scene.bring_up("web");

    CHECK(scene.stop("net", 1) == "signal web");
    CHECK(scene.engine.waits_for("net") == std::vector<std::string>{"db"});
    CHECK(scene.end("web", Event::main_failed) == "release web, signal db");
    CHECK(scene.end("db", Event::main_failed) == "release db, signal net");
    CHECK(scene.end("net", Event::main_failed) == "release net, job 1 done");
}

TEST_CASE("a stop leaves those alone that only want the unit", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.wants = {"db"};
    web.after = {"db"};
    scene.engine.load(service("db"));
    scene.engine.load(web);
    scene.bring_up("web");

    CHECK(scene.stop("db", 1) == "signal db");
    CHECK(scene.sub("web") == "running");
}

TEST_CASE("a required unit that fails at run time leaves its dependents running",
          "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.bring_up("web");

    CHECK(scene.end("db", Event::main_failed) == "release db");
    CHECK(scene.sub("db") == "failed");
    CHECK(scene.sub("web") == "running");
}

TEST_CASE("a unit that ends by itself while its stop waits is not started again",
          "[unit][engine]") {
    Scene scene;
    UnitSpec db = service("db");
    db.restart = Restart::always;
    scene.engine.load(db);
    scene.engine.load(service_on("web", "db"));
    scene.bring_up("web");
    scene.stop("db", 1);

    CHECK(scene.end("db", Event::main_failed) == "release db, job 1 done");
    CHECK(scene.sub("db") == "dead");
    CHECK(scene.sub("web") == "stop-sigterm");
}

TEST_CASE("a restart stops, then starts, with one job", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");

    CHECK(scene.restart("web", 1) == "signal web");
    CHECK(scene.end("web", Event::main_failed) == "release web, launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("a restart of what is down starts it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));

    CHECK(scene.restart("web", 1) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("a restart during a start stops that start, and both jobs end with the next",
          "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.start("web", 1);

    CHECK(scene.restart("web", 2) == "kill web");
    CHECK(scene.tell("web", Event::launch_failed) == "release web");
    CHECK(scene.tell("web", Event::released) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done, job 2 done");
}

TEST_CASE("a restart restarts what requires the unit around it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.engine.load(service_on("idle", "db"));
    scene.bring_up("web");

    CHECK(scene.restart("db", 1) == "signal web");
    CHECK(scene.end("web", Event::main_failed) == "release web, signal db");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.end("db", Event::main_failed) == "release db, launch db");
    CHECK(scene.tell("db", Event::launched) == "job 1 done, launch web");
    CHECK(scene.sub("idle") == "dead");
}

TEST_CASE("a restart leaves a dependent stopped whose stop was asked for", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.bring_up("web");
    scene.stop("web", 1);

    CHECK(scene.restart("db", 2) == "");
    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done, signal db");
    CHECK(scene.end("db", Event::main_failed) == "release db, launch db");
    CHECK(scene.tell("db", Event::launched) == "job 2 done");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a restart leaves a dependent alone whose stop still waits for its turn",
          "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.engine.load(service_on("top", "web"));
    scene.bring_up("top");
    scene.stop("web", 1);
    REQUIRE(scene.sub("web") == "running");

    scene.restart("db", 2);
    scene.end("top", Event::main_failed);

    CHECK(scene.end("web", Event::main_failed) == "release web, job 1 done, signal db");
    CHECK(scene.end("db", Event::main_failed) == "release db, launch db");
    CHECK(scene.tell("db", Event::launched) == "job 2 done");
}

TEST_CASE("shutting down stops everything in the reverse of the start order, then is quiet",
          "[unit][engine][C2]") {
    Scene scene;
    UnitSpec boot = target("boot");
    boot.wants = {"web", "setup"};
    boot.after = {"web"};
    UnitSpec web = service("web");
    web.after = {"db"};
    web.wants = {"db"};
    scene.engine.load(boot);
    scene.engine.load(web);
    scene.engine.load(service("db"));
    scene.engine.load(oneshot("setup"));
    scene.bring_up("boot");
    scene.end("setup", Event::main_exited_clean);

    CHECK(scene.shut_down() == "signal web");
    CHECK(scene.sub("boot") == "dead");
    CHECK(scene.sub("setup") == "dead");
    CHECK_FALSE(scene.engine.is_quiet());
    CHECK(scene.end("web", Event::main_failed) == "release web, signal db");
    CHECK(scene.pass(10s) == "kill db");
    CHECK(scene.end("db", Event::main_failed) == "release db");
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("shutting down cancels starts and refuses later ones", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service_on("web", "db");
    web.restart = Restart::always;
    scene.engine.load(service("db"));
    scene.engine.load(web);
    scene.start("web", 1);

    CHECK(scene.shut_down() == "job 1 canceled: it was stopped, kill db");
    CHECK(scene.start("web", 2) == "job 2 canceled: the system is shutting down");
    CHECK(scene.restart("web", 3) == "job 3 canceled: the system is shutting down");
    CHECK(scene.stop("db", 4) == "");
    CHECK(scene.tell("db", Event::launch_failed) == "release db");
    CHECK(scene.tell("db", Event::released) == "job 4 done");
    CHECK(scene.engine.is_quiet());
    CHECK_FALSE(scene.engine.next_deadline());
}

}  // namespace
}  // namespace confinit::engine
