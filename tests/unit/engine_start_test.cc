// SPDX-License-Identifier: Apache-2.0
// Starting: what a start brings along, in which order, when its job ends and why it fails.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a start of an exec service is done when it is launched", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));

    CHECK(scene.start("web", 1) == "launch web");
    CHECK(scene.sub("web") == "start");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
    CHECK(scene.sub("web") == "running");
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a start of a oneshot is done when it has exited and is released", "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("setup"));

    CHECK(scene.start("setup", 1) == "launch setup");
    CHECK(scene.tell("setup", Event::launched) == "");
    CHECK(scene.tell("setup", Event::cgroup_empty) == "");
    CHECK(scene.tell("setup", Event::main_exited_clean) == "release setup");
    CHECK(scene.tell("setup", Event::released) == "job 1 done");
    CHECK(scene.sub("setup") == "exited");
    CHECK(scene.engine.state("setup").active == ActiveState::active);
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("a start of an active unit is done at once", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");

    CHECK(scene.start("web", 2) == "job 2 done");
}

TEST_CASE("a second start during the first ends together with it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.start("web", 1);

    CHECK(scene.start("web", 2) == "");
    CHECK(scene.tell("web", Event::launched) == "job 1 done, job 2 done");
}

TEST_CASE("a request for a unit that is not loaded is not found", "[unit][engine]") {
    Scene scene;

    CHECK(scene.start("web", 1) == "job 1 not-found");
    CHECK(scene.stop("web", 2) == "job 2 not-found");
    CHECK(scene.restart("web", 3) == "job 3 not-found");
    CHECK(scene.tell("web", Event::launched) == "");
}

TEST_CASE("a unit waits for what it requires and is ordered after", "[unit][engine][C4]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));

    CHECK(scene.start("web", 1) == "launch db");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.engine.waits_for("web") == std::vector<std::string>{"db"});
    CHECK(scene.tell("db", Event::launched) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("without an order, a unit and what it requires start together", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.requires_units = {"db"};
    scene.engine.load(service("db"));
    scene.engine.load(web);

    CHECK(scene.start("web", 1) == "launch db, launch web");
}

TEST_CASE("an order alone starts nothing and does not wait for what has no job", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.after = {"db", "ghost"};
    scene.engine.load(service("db"));
    scene.engine.load(web);

    CHECK(scene.start("web", 1) == "launch web");
}

TEST_CASE("an order holds between separate requests that are under way", "[unit][engine]") {
    Scene scene;
    UnitSpec db = service("db");
    db.before = {"web"};
    scene.engine.load(db);
    scene.engine.load(service("web"));
    scene.start("db", 1);

    CHECK(scene.start("web", 2) == "");
    CHECK(scene.tell("db", Event::launched) == "job 1 done, launch web");
}

TEST_CASE("a unit goes on when one that it is only ordered after has failed", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.wants = {"db"};
    web.after = {"db"};
    scene.engine.load(service("db"));
    scene.engine.load(web);
    scene.start("web", 1);

    CHECK(scene.tell("db", Event::launch_failed) == "release db");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.tell("db", Event::released) == "launch web");
}

TEST_CASE("a required unit that fails makes those who wait for it fail, with the reason",
          "[unit][engine][C4]") {
    Scene scene;
    scene.engine.load(oneshot("net"));
    scene.engine.load(service_on("db", "net"));
    scene.engine.load(service_on("web", "db"));
    scene.start("web", 1);

    CHECK(scene.end("net", Event::main_failed, "exit code 7") ==
          "release net, job 1 dependency-failed: requires 'db', which failed: requires 'net', "
          "which failed: exit code 7");
    CHECK(scene.sub("web") == "failed");
    CHECK(scene.engine.state("db").reason == "requires 'net', which failed: exit code 7");
}

TEST_CASE("a required unit that fails without a detail is named alone", "[unit][engine]") {
    Scene scene;
    scene.engine.load(oneshot("net"));
    scene.engine.load(service_on("web", "net"));
    scene.start("web", 1);

    CHECK(scene.end("net", Event::main_failed) ==
          "release net, job 1 dependency-failed: requires 'net', which failed");
}

TEST_CASE("a required unit that is not loaded is a failed dependency", "[unit][engine]") {
    Scene scene;
    UnitSpec web = service_on("web", "db");
    web.restart = Restart::always;
    scene.engine.load(web);

    CHECK(scene.start("web", 1) == "job 1 dependency-failed: requires 'db', which is not loaded");
    CHECK(scene.sub("web") == "failed");
    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a required unit that dies once it was up leaves its dependents alone",
          "[unit][engine]") {
    Scene scene;
    UnitSpec web = service_on("web", "db");
    web.requires_units.emplace_back("slow");
    web.after.emplace_back("slow");
    scene.engine.load(service("db"));
    scene.engine.load(service("slow"));
    scene.engine.load(web);
    scene.start("web", 1);
    scene.tell("db", Event::launched);

    CHECK(scene.end("db", Event::main_failed) == "release db");
    CHECK(scene.sub("web") == "waiting");
    CHECK(scene.tell("slow", Event::launched) == "launch web");
}

TEST_CASE("a required unit that fails beside a launch under way leaves it alone, also later",
          "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.requires_units = {"db", "cache"};
    scene.engine.load(service("db"));
    scene.engine.load(service("cache"));
    scene.engine.load(web);
    scene.start("web", 1);
    scene.tell("cache", Event::launched);
    scene.tell("db", Event::launch_failed);
    scene.tell("db", Event::released);

    CHECK(scene.restart("cache", 2) == "signal cache, kill web");
    CHECK(scene.tell("web", Event::launch_failed) == "release web");
    CHECK(scene.tell("web", Event::released) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done");
}

TEST_CASE("another start request clears what stood in the way of the one before it",
          "[unit][engine]") {
    Scene scene;
    UnitSpec web = service("web");
    web.requires_units = {"db"};
    scene.engine.load(service("db"));
    scene.engine.load(web);
    scene.bring_up("web");
    scene.restart("db", 1);
    scene.end("db", Event::main_failed);
    scene.tell("db", Event::launch_failed);
    REQUIRE(scene.tell("db", Event::released) == "job 1 failed");
    REQUIRE(scene.sub("web") == "stop-sigterm");

    CHECK(scene.start("web", 2) == "launch db");
    CHECK(scene.end("web", Event::main_failed) == "release web, launch web");
}

TEST_CASE("a target is active when all before it have settled", "[unit][engine]") {
    Scene scene;
    UnitSpec boot = target("boot");
    boot.wants = {"a", "b"};
    boot.after = {"a", "b"};
    scene.engine.load(boot);
    scene.engine.load(service("a"));
    scene.engine.load(oneshot("b"));

    CHECK(scene.start("boot", 1) == "launch a, launch b");
    CHECK(scene.tell("a", Event::launched) == "");
    CHECK(scene.sub("boot") == "waiting");
    CHECK(scene.end("b", Event::main_failed) == "release b, job 1 done");
    CHECK(scene.sub("boot") == "running");
}

TEST_CASE("a target fails with what it requires", "[unit][engine]") {
    Scene scene;
    UnitSpec boot = target("boot");
    boot.requires_units = {"a"};
    boot.after = {"a"};
    boot.restart = Restart::always;
    UnitSpec a = service("a");
    a.restart = Restart::always;
    scene.engine.load(boot);
    scene.engine.load(a);
    scene.start("boot", 1);
    scene.tell("a", Event::launch_failed, "no such file");

    CHECK(scene.tell("a", Event::released) ==
          "job 1 dependency-failed: requires 'a', which failed: no such file");
    CHECK(scene.sub("boot") == "failed");
    CHECK(scene.engine.state("boot").reason == "requires 'a', which failed: no such file");
}

TEST_CASE("a launch that does not end in time is killed and told", "[unit][engine][C4]") {
    Scene scene;
    UnitSpec web = service("web");
    web.start_timeout = 90s;
    scene.engine.load(web);
    scene.start("web", 1);

    CHECK(scene.pass(89s) == "");
    CHECK(scene.pass(1s) == "kill web");
    CHECK(scene.tell("web", Event::launch_failed, "why") == "release web");
    CHECK(scene.tell("web", Event::released) ==
          "job 1 timed-out: start timed out after 1min 30s: why");
    CHECK(scene.sub("web") == "failed");
}

TEST_CASE("a oneshot that runs too long is killed and told", "[unit][engine]") {
    Scene scene;
    UnitSpec setup = oneshot("setup");
    setup.start_timeout = 5s;
    scene.engine.load(setup);
    scene.start("setup", 1);
    scene.tell("setup", Event::launched);

    CHECK(scene.pass(5s) == "kill setup");
    CHECK(scene.end("setup", Event::main_failed, "killed by SIGKILL") ==
          "release setup, job 1 timed-out: start timed out after 5s");
}

TEST_CASE("a duration without limit sets no timer", "[unit][engine]") {
    Scene scene;
    scene.now = 1h;
    UnitSpec web = service("web");
    web.start_timeout = Time::max();
    scene.engine.load(web);
    scene.start("web", 1);

    CHECK_FALSE(scene.engine.next_deadline());
}

TEST_CASE("a unit stops what it conflicts with before it starts", "[unit][engine]") {
    Scene scene;
    UnitSpec red = service("red");
    red.conflicts = {"green"};
    scene.engine.load(red);
    scene.engine.load(service("green"));
    scene.bring_up("green");

    CHECK(scene.start("red", 1) == "signal green");
    CHECK(scene.sub("red") == "waiting");
    CHECK(scene.end("green", Event::main_failed) == "release green, launch red");
    CHECK(scene.tell("red", Event::launched) == "job 1 done");
    CHECK(scene.engine.state("green").reason == "stopped for 'red', which it conflicts with");
    CHECK(scene.start("green", 2) == "signal red");
}

TEST_CASE("the last of two conflicting requests wins", "[unit][engine]") {
    Scene scene;
    UnitSpec red = service("red");
    red.conflicts = {"green"};
    scene.engine.load(red);
    scene.engine.load(service("green"));
    scene.start("red", 1);

    CHECK(scene.start("green", 2) ==
          "job 1 canceled: stopped for 'green', which it conflicts with, kill red");
    CHECK(scene.tell("red", Event::launch_failed) == "release red");
    CHECK(scene.tell("red", Event::released) == "launch green");
}

TEST_CASE("requirements that conflict make the request fail, and nothing happens",
          "[unit][engine]") {
    Scene scene;
    UnitSpec both = target("both");
    both.requires_units = {"red", "green"};
    UnitSpec red = service("red");
    red.conflicts = {"green"};
    scene.engine.load(both);
    scene.engine.load(red);
    scene.engine.load(service("green"));

    CHECK(scene.start("both", 1) ==
          "job 1 failed: it needs both 'green' and 'red', which conflict");
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("a load that takes an order away lets those go on that waited for it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("db"));
    scene.engine.load(service_on("web", "db"));
    scene.start("web", 1);
    REQUIRE(scene.sub("web") == "waiting");

    scene.engine.load(service("web"));

    CHECK(scene.engine.next_deadline() == Time{0});
    CHECK(scene.pass(1ms) == "launch web");
    CHECK(scene.engine.next_deadline() > Time{0});
}

TEST_CASE("what repeats or does not fit the state has no effect", "[unit][engine][G3]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.engine.load(target("boot"));
    scene.bring_up("boot");

    for (const Event event :
         {Event::launched, Event::launch_failed, Event::main_exited_clean, Event::main_failed,
          Event::cgroup_empty, Event::released, Event::release_failed}) {
        CHECK(scene.tell("web", event) == "");
        CHECK(scene.tell("boot", event) == "");
    }
    CHECK(scene.sub("web") == "dead");
    CHECK(scene.sub("boot") == "running");
}

TEST_CASE("each change of the sub state is told before its action", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));

    const Actions actions = scene.engine.start("web", 1, scene.now);

    REQUIRE(actions.size() == 2);
    CHECK(actions[0].kind == ActionKind::state_changed);
    CHECK(actions[1].kind == ActionKind::plan);
}

TEST_CASE("only a unit at rest is forgotten", "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");

    CHECK_FALSE(scene.engine.forget("web"));
    scene.stop("web", 1);
    CHECK_FALSE(scene.engine.forget("web"));
    scene.end("web", Event::main_failed);
    CHECK(scene.engine.forget("web"));
    CHECK_FALSE(scene.engine.knows("web"));
    CHECK(scene.engine.names().empty());
}

TEST_CASE("a unit that becomes a target while its processes run is still stopped as a service",
          "[unit][engine]") {
    Scene scene;
    scene.engine.load(service("web"));
    scene.bring_up("web");
    scene.engine.load(target("web"));

    CHECK(scene.stop("web", 1) == "signal web");
}

}  // namespace
}  // namespace confinit::engine
