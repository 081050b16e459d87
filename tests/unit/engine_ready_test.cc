// SPDX-License-Identifier: Apache-2.0
// Services that tell when they are ready: what waits for them, and what becomes of those that do
// not, or that give no sign of life any more.
#include "engine_scene.h"

#include <catch2/catch.hpp>
#include <chrono>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the start timeout counts from the turn to be launched", "[unit][engine][N4]") {
    Scene scene;
    scene.launches_have_turns = false;
    UnitSpec web = service("web");
    web.start_timeout = Time{5'000'000};
    scene.engine.load(std::move(web));

    CHECK(scene.start("web", 1) == "plan web");
    scene.tell("web", Event::planned);
    CHECK(scene.pass(Time{60'000'000}) == "");
    scene.tell("web", Event::turn_came);
    CHECK(scene.pass(Time{4'999'999}) == "");
    CHECK(scene.pass(Time{1}) == "kill web");
}

TEST_CASE("a start is done when the service is ready, and not when it runs", "[unit][engine][C4]") {
    Scene scene;
    scene.engine.load(notifying("db"));

    CHECK(scene.start("db", 1) == "launch db");
    CHECK(scene.tell("db", Event::launched) == "");
    CHECK(scene.sub("db") == "start");
    CHECK(scene.tell("db", Event::ready) == "job 1 done");
    CHECK(scene.sub("db") == "running");
}

TEST_CASE("who comes after a service waits for its readiness", "[unit][engine][C4]") {
    Scene scene;
    scene.engine.load(notifying("db"));
    scene.engine.load(service_on("web", "db"));

    CHECK(scene.start("web", 1) == "launch db");
    CHECK(scene.tell("db", Event::launched) == "");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.tell("db", Event::ready) == "launch web");
}

TEST_CASE("a service that is not ready in time fails, and who requires it too",
          "[unit][engine][C4]") {
    Scene scene;
    UnitSpec db = notifying("db");
    db.start_timeout = 5s;
    scene.engine.load(db);
    scene.engine.load(service_on("web", "db"));
    scene.start("web", 1);
    scene.tell("db", Event::launched);

    CHECK(scene.pass(5s) == "kill db");
    CHECK(scene.end("db", Event::main_failed, "killed by SIGKILL") ==
          "release db, job 1 dependency-failed: requires 'db', which failed: start timed out after "
          "5s, it has not said that it is ready");
}

TEST_CASE("a service that ends before it is ready has failed", "[unit][engine][C4]") {
    Scene scene;
    scene.engine.load(notifying("db"));
    scene.start("db", 1);
    scene.tell("db", Event::launched);

    CHECK(scene.tell("db", Event::main_exited_clean, "exited with code 0") == "signal db");
    CHECK(scene.tell("db", Event::cgroup_empty) == "release db");
    CHECK(scene.tell("db", Event::released) ==
          "job 1 failed: exited with code 0 before it was ready");
}

TEST_CASE("a service that is ready may end well", "[unit][engine]") {
    Scene scene;
    scene.engine.load(notifying("db"));
    scene.start("db", 1);
    scene.tell("db", Event::launched);
    scene.tell("db", Event::ready);
    scene.end("db", Event::main_exited_clean);

    CHECK(scene.sub("db") == "dead");
}

TEST_CASE("readiness of one that is not asked for it changes nothing", "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("setup"));
    scene.start("setup", 1);
    scene.tell("setup", Event::launched);

    CHECK(scene.tell("setup", Event::ready) == "");
    CHECK(scene.sub("setup") == "start");
}

TEST_CASE("a missed watchdog aborts the service, which has failed", "[unit][engine]") {
    Scene scene;
    UnitSpec db = notifying("db");
    db.restart = Restart::on_failure;
    db.stop_timeout = 3s;
    scene.engine.load(db);
    scene.start("db", 1);
    scene.tell("db", Event::launched);
    scene.tell("db", Event::ready);

    CHECK(scene.tell("db", Event::watchdog_missed, "no sign of life") == "abort db");
    CHECK(scene.engine.state("db").reason == "no sign of life");
    CHECK(scene.pass(3s) == "kill db");
    CHECK(scene.end("db", Event::main_failed, "killed by signal 6") == "release db");
    CHECK(scene.sub("db") == "auto-restart");
    CHECK(scene.engine.state("db").reason == "no sign of life");
}

TEST_CASE("a service may ask for more time to start", "[unit][engine]") {
    Scene scene;
    UnitSpec db = notifying("db");
    db.start_timeout = 10s;
    scene.engine.load(db);
    scene.start("db", 1);
    scene.tell("db", Event::launched);

    CHECK(scene.pass(9s) == "");
    scene.engine.extend("db", 5s, scene.now);
    CHECK(scene.pass(4s) == "");
    // Less than is left changes nothing.
    scene.engine.extend("db", 100ms, scene.now);
    CHECK(scene.pass(900ms) == "");
    CHECK(scene.pass(100ms) == "kill db");
}

TEST_CASE("nobody holds off the end of a stop or of a start for ever", "[unit][engine][R1]") {
    Scene scene;
    UnitSpec db = notifying("db");
    db.stop_timeout = 2s;
    scene.engine.load(db);
    scene.start("db", 1);
    scene.tell("db", Event::launched);
    scene.tell("db", Event::ready);
    // While it runs there is no timeout.
    scene.engine.extend("db", 5s, scene.now);
    CHECK_FALSE(scene.engine.next_deadline());
    CHECK(scene.stop("db", 2) == "signal db");

    scene.engine.extend("db", 24h, scene.now);
    CHECK(scene.pass(19s) == "");
    scene.engine.extend("db", 24h, scene.now);
    CHECK(scene.pass(1s) == "kill db");
    // Nor is the killing put off.
    scene.engine.extend("db", 24h, scene.now);
    CHECK(scene.pass(1s) == "kill db");
}

TEST_CASE("more time for a unit that is not there is no request", "[unit][engine]") {
    Scene scene;

    scene.engine.extend("ghost", 1s, scene.now);

    CHECK_FALSE(scene.engine.next_deadline());
}

}  // namespace
}  // namespace confinit::engine
