// SPDX-License-Identifier: Apache-2.0
// The restart policy: who is tried again, after what delay, and what resets the count.
#include "engine/restart_policy.h"
#include "engine_scene.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

UnitSpec restarting(std::string name, Restart restart) {
    UnitSpec spec = service(std::move(name));
    spec.restart = restart;
    spec.restart_delay = 1s;
    spec.restart_max_delay = 60s;
    return spec;
}

// Ends the run of a service, lets the delay pass and launches it again.
void crash_and_come_back(Scene& scene, std::string_view unit) {
    scene.end(unit, Event::main_failed);
    scene.now = scene.engine.state(unit).deadline.value();
    REQUIRE(scene.pass(0s) == "launch " + std::string{unit});
    scene.tell(unit, Event::launched);
}

TEST_CASE("a failed service is launched again after the delay", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::on_failure));
    scene.bring_up("web");

    CHECK(scene.end("web", Event::main_failed, "killed by SIGSEGV") == "release web");
    CHECK(scene.sub("web") == "auto-restart");
    CHECK(scene.engine.state("web").restarts == 1);
    CHECK(scene.engine.state("web").reason == "killed by SIGSEGV");
    CHECK(scene.engine.next_deadline() == Time{1s});
    CHECK(scene.pass(1s - 1us) == "");
    CHECK(scene.pass(1us) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "");
    CHECK(scene.engine.state("web").reason.empty());
}

TEST_CASE("a clean end is final under on_failure and tried again under always",
          "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("once", Restart::on_failure));
    scene.engine.load(restarting("ever", Restart::always));
    scene.bring_up("once");
    scene.bring_up("ever");

    scene.end("once", Event::main_exited_clean);
    scene.end("ever", Event::main_exited_clean);

    CHECK(scene.sub("once") == "dead");
    CHECK(scene.sub("ever") == "auto-restart");
}

TEST_CASE("without a policy a failed service stays failed", "[unit][engine]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::no));
    scene.bring_up("web");

    scene.end("web", Event::main_failed, "exit code 1");

    CHECK(scene.sub("web") == "failed");
    CHECK(scene.engine.state("web").reason == "exit code 1");
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a first launch that fails ends its job, and is tried again", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::on_failure));
    scene.start("web", 1);

    CHECK(scene.tell("web", Event::launch_failed, "memory.max: ENOENT") == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: memory.max: ENOENT");
    CHECK(scene.sub("web") == "auto-restart");
    CHECK(scene.pass(1s) == "launch web");
}

TEST_CASE("a oneshot that fails is tried again until it ends well", "[unit][engine][R3]") {
    Scene scene;
    UnitSpec setup = restarting("setup", Restart::on_failure);
    setup.is_oneshot = true;
    scene.engine.load(setup);
    scene.start("setup", 1);
    scene.tell("setup", Event::launched);

    CHECK(scene.end("setup", Event::main_failed) == "release setup, job 1 failed");
    CHECK(scene.pass(1s) == "launch setup");
    scene.tell("setup", Event::launched);
    scene.end("setup", Event::main_exited_clean);
    CHECK(scene.sub("setup") == "exited");
    CHECK(scene.engine.state("setup").restarts == 0);
}

TEST_CASE("the delay doubles up to its maximum, for ever", "[unit][engine][R3]") {
    const UnitSpec spec = restarting("web", Restart::always);

    CHECK(restart_delay(spec, 1, 7) == Time{1s});
    for (const unsigned attempt : {2U, 3U, 4U, 5U, 6U}) {
        const Time full = Time{1s} * (1U << (attempt - 1));
        CHECK(restart_delay(spec, attempt, 7) <= full);
        CHECK(restart_delay(spec, attempt, 7) >= full - full / 8);
    }
    for (const unsigned attempt : {7U, 8U, 64U, 65U, 1'000'000U, ~0U}) {
        CHECK(restart_delay(spec, attempt, 7) <= Time{60s});
        CHECK(restart_delay(spec, attempt, 7) >= Time{60s} - Time{60s} / 8);
    }
}

TEST_CASE("delays are scattered between units and between machines", "[unit][engine][R3]") {
    const UnitSpec web = restarting("web", Restart::always);
    const UnitSpec db = restarting("db", Restart::always);

    CHECK(restart_delay(web, 9, 1) != restart_delay(db, 9, 1));
    CHECK(restart_delay(web, 9, 1) != restart_delay(web, 9, 2));
    CHECK(restart_delay(web, 9, 1) == restart_delay(web, 9, 1));
}

TEST_CASE("a delay that is given as constant is constant", "[unit][engine][R3]") {
    UnitSpec spec = restarting("web", Restart::always);
    spec.restart_max_delay = 0s;
    CHECK(restart_delay(spec, 1, 0) == Time{1s});
    CHECK(restart_delay(spec, 9, 0) == Time{1s});

    spec.restart_max_delay = Time::max();
    CHECK(restart_delay(spec, 200, 0) > Time{24h});
}

TEST_CASE("no delay is at once the first time, and grows from 10ms", "[unit][engine][N18]") {
    UnitSpec spec = restarting("web", Restart::always);
    spec.restart_delay = 0s;

    CHECK(restart_delay(spec, 1, 0) == Time{0});
    CHECK(restart_delay(spec, 2, 0) == Time{10ms});
    CHECK(restart_delay(spec, 3, 0) <= Time{20ms});
    CHECK(restart_delay(spec, 3, 0) > Time{10ms});
    CHECK(restart_delay(spec, 64, 0) >= Time{60s} - Time{60s} / 8);

    SECTION("the longest delay may be shorter than 10ms") {
        spec.restart_max_delay = 3ms;
        CHECK(restart_delay(spec, 2, 0) == Time{3ms});
        CHECK(restart_delay(spec, 9, 0) == Time{3ms});
    }
    SECTION("without a longest delay every attempt is at once") {
        spec.restart_max_delay = 0s;
        CHECK(restart_delay(spec, 1, 0) == Time{0});
        CHECK(restart_delay(spec, 9, 0) == Time{0});
    }
}

TEST_CASE("a service without a delay is launched again at once", "[unit][engine][N18]") {
    Scene scene;
    UnitSpec spec = restarting("web", Restart::on_failure);
    spec.restart_delay = 0s;
    scene.engine.load(spec);
    scene.bring_up("web");

    scene.end("web", Event::main_failed, "exit code 1");

    CHECK(scene.pass(0s) == "launch web");
}

TEST_CASE("a run longer than the longest delay sets the count to zero", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    crash_and_come_back(scene, "web");
    crash_and_come_back(scene, "web");
    REQUIRE(scene.engine.state("web").restarts == 2);

    CHECK(scene.pass(60s) == "");

    CHECK(scene.engine.state("web").restarts == 0);
    CHECK(scene.sub("web") == "running");
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a shorter run leaves the count as it is", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    crash_and_come_back(scene, "web");

    CHECK(scene.pass(59s) == "");
    crash_and_come_back(scene, "web");

    CHECK(scene.engine.state("web").restarts == 2);
}

TEST_CASE("a start by hand works at once and sets the count to zero", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    crash_and_come_back(scene, "web");
    scene.end("web", Event::main_failed);
    REQUIRE(scene.engine.state("web").restarts == 2);

    CHECK(scene.start("web", 1) == "launch web");
    CHECK(scene.engine.state("web").restarts == 0);
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("a start by hand during the clean-up of a failed run comes right after it",
          "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    scene.tell("web", Event::main_failed);

    CHECK(scene.start("web", 1) == "");
    CHECK(scene.tell("web", Event::cgroup_empty) == "release web");
    CHECK(scene.tell("web", Event::released) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("a start by hand during the clean-up of a failed start takes its job over",
          "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.start("web", 1);
    scene.tell("web", Event::launch_failed);

    CHECK(scene.start("web", 2) == "");
    CHECK(scene.tell("web", Event::released) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done, job 2 done");
}

TEST_CASE("a start of a oneshot that is being cleaned up after a good end joins it",
          "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("setup"));
    scene.start("setup", 1);
    scene.tell("setup", Event::launched);
    scene.tell("setup", Event::main_exited_clean);

    CHECK(scene.start("setup", 2) == "");
    CHECK(scene.tell("setup", Event::cgroup_empty) == "release setup");
    CHECK(scene.tell("setup", Event::released) == "job 1 done, job 2 done");
}

TEST_CASE("a stop during the delay ends the attempts", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    scene.end("web", Event::main_failed);

    CHECK(scene.stop("web", 1) == "job 1 done");
    CHECK(scene.sub("web") == "dead");
    CHECK(scene.engine.state("web").restarts == 0);
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a stop during the clean-up of a failed run ends the attempts", "[unit][engine][R3]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::always));
    scene.bring_up("web");
    scene.tell("web", Event::main_failed);

    CHECK(scene.stop("web", 1) == "");
    CHECK(scene.tell("web", Event::cgroup_empty) == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 done");
    CHECK(scene.sub("web") == "dead");
}

TEST_CASE("a start that failed with its requirement is tried again along with it",
          "[unit][engine][R3]") {
    Scene scene;
    UnitSpec web = restarting("web", Restart::on_failure);
    web.requires_units = {"db"};
    web.after = {"db"};
    UnitSpec db = restarting("db", Restart::on_failure);
    db.restart_delay = 3s;
    scene.engine.load(db);
    scene.engine.load(web);
    scene.start("web", 1);
    scene.tell("db", Event::launch_failed);

    CHECK(scene.tell("db", Event::released) ==
          "job 1 dependency-failed: requires 'db', which failed");
    CHECK(scene.sub("web") == "auto-restart");
    CHECK(scene.engine.state("web").reason == "requires 'db', which failed");
    // The other unit's delay is not shortened by that.
    CHECK(scene.pass(1s) == "");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.pass(2s) == "launch db");
    CHECK(scene.tell("db", Event::launched) == "launch web");
}

TEST_CASE("a start whose requirement failed for good fails for good", "[unit][engine][R3]") {
    Scene scene;
    UnitSpec web = restarting("web", Restart::always);
    web.requires_units = {"db"};
    web.after = {"db"};
    scene.engine.load(service("db"));
    scene.engine.load(web);
    scene.start("web", 1);
    scene.tell("db", Event::launch_failed);

    scene.tell("db", Event::released);

    CHECK(scene.sub("web") == "failed");
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("an automatic restart starts what is required, but not what is wanted",
          "[unit][engine]") {
    Scene scene;
    UnitSpec web = restarting("web", Restart::always);
    web.requires_units = {"db"};
    web.wants = {"extra"};
    scene.engine.load(web);
    scene.engine.load(service("db"));
    scene.engine.load(service("extra"));
    scene.bring_up("web");
    scene.stop("extra", 1);
    scene.end("extra", Event::main_failed);
    scene.end("db", Event::main_failed);
    scene.end("web", Event::main_failed);

    CHECK(scene.pass(1s) == "launch db, launch web");
}

TEST_CASE("an automatic restart waits for those before it that are under way", "[unit][engine]") {
    Scene scene;
    UnitSpec web = restarting("web", Restart::always);
    web.after = {"db"};
    scene.engine.load(web);
    scene.engine.load(service("db"));
    scene.bring_up("web");
    scene.end("web", Event::main_failed);
    scene.start("db", 1);

    CHECK(scene.pass(1s) == "");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.tell("db", Event::launched) == "job 1 done, launch web");
}

TEST_CASE("a restart after a good end has a reason", "[unit][engine][N20]") {
    Scene scene;
    UnitSpec web = service("web");
    web.restart = Restart::always;
    scene.engine.load(web);
    scene.bring_up("web");

    scene.end("web", Event::main_exited_clean, "exited with code 0");

    CHECK(scene.sub("web") == "auto-restart");
    CHECK(scene.engine.state("web").reason == "ended with success");
    scene.pass(100ms);
    scene.tell("web", Event::launched);
    CHECK(scene.engine.state("web").reason.empty());
}

TEST_CASE("an automatic restart tells its state once", "[unit][engine][N20]") {
    Scene scene;
    UnitSpec web = service("web");
    web.restart = Restart::always;
    REQUIRE_FALSE(scene.engine.load(web));
    scene.bring_up("web");
    scene.end("web", Event::main_failed, "exited with code 3");
    REQUIRE(scene.sub("web") == "auto-restart");

    scene.now += Time{60'000'000};
    const Actions actions = scene.engine.expire(scene.now);

    CHECK(scene.sub("web") == "start");
    CHECK(std::ranges::count(actions, ActionKind::state_changed, &Action::kind) == 1);
    CHECK(text_of(actions).find("plan web") != std::string::npos);
}

}  // namespace
}  // namespace confinit::engine
