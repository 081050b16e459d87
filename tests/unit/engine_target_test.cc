// SPDX-License-Identifier: Apache-2.0
// Targets: when a unit that runs nothing is reached.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

UnitSpec target_of(std::string name, Names wants) {
    UnitSpec spec = target(std::move(name));
    spec.wants = std::move(wants);
    return spec;
}

TEST_CASE("a target is reached when what it wants and requires is", "[unit][engine][N19]") {
    Scene scene;
    UnitSpec boot = target_of("boot", {"setup"});
    boot.requires_units = {"web"};
    UnitSpec shell = service("shell");
    shell.wants = {"boot"};
    shell.after = {"boot"};
    scene.engine.load(boot);
    scene.engine.load(shell);
    scene.engine.load(oneshot("setup"));
    scene.engine.load(notifying("web"));

    CHECK(scene.start("shell", 1) == "launch setup, launch web");
    CHECK(scene.sub("boot") == "waiting");
    CHECK(scene.engine.waits_for("boot") == Names{"setup", "web"});
    scene.tell("setup", Event::launched);
    CHECK(scene.end("setup", Event::main_exited_clean) == "release setup");
    CHECK(scene.tell("web", Event::launched) == "");
    CHECK(scene.sub("boot") == "waiting");
    CHECK(scene.tell("web", Event::ready) == "launch shell");
    CHECK(scene.sub("boot") == "running");
}

TEST_CASE("a wanted unit that fails does not hold its target", "[unit][engine][N19]") {
    Scene scene;
    UnitSpec flaky = service("flaky");
    flaky.restart = Restart::always;
    scene.engine.load(target_of("boot", {"flaky", "slow", "ghost"}));
    scene.engine.load(flaky);
    scene.engine.load(notifying("slow"));

    CHECK(scene.start("boot", 1) == "launch flaky, launch slow");
    scene.tell("flaky", Event::launch_failed);
    scene.tell("flaky", Event::released);
    scene.tell("slow", Event::launched);
    CHECK(scene.sub("flaky") == "auto-restart");
    CHECK(scene.sub("boot") == "waiting");
    // Its further tries, one of which is under way in the end, do not count.
    CHECK(scene.pass(90s) == "launch flaky, kill slow");
    CHECK(scene.end("slow", Event::main_failed) == "release slow, job 1 done");
    CHECK(scene.sub("boot") == "running");
}

TEST_CASE("a target fails with what it requires, without an order", "[unit][engine][N19]") {
    Scene scene;
    UnitSpec boot = target("boot");
    boot.requires_units = {"web"};
    scene.engine.load(boot);
    scene.engine.load(service("web"));
    scene.start("boot", 1);
    scene.tell("web", Event::launch_failed, "no such file");

    CHECK(scene.tell("web", Event::released) ==
          "job 1 dependency-failed: requires 'web', which failed: no such file");
}

TEST_CASE("targets wait for targets", "[unit][engine][N19]") {
    Scene scene;
    scene.engine.load(target_of("boot", {"network"}));
    scene.engine.load(target_of("network", {"dhcp"}));
    scene.engine.load(oneshot("dhcp"));

    CHECK(scene.start("boot", 1) == "launch dhcp");
    CHECK(scene.sub("network") == "waiting");
    CHECK(scene.sub("boot") == "waiting");
    CHECK(scene.tell("dhcp", Event::launched) == "");
    CHECK(scene.end("dhcp", Event::main_exited_clean) == "release dhcp, job 1 done");
}

TEST_CASE("what is ordered after its target is not waited for by it", "[unit][engine][N19]") {
    Scene scene;
    UnitSpec last = service("last");
    last.after = {"boot"};
    UnitSpec later = service("later");
    later.after = {"last"};
    UnitSpec boot = target_of("boot", {"first", "last", "later", "listed"});
    boot.before = {"listed"};
    scene.engine.load(boot);
    scene.engine.load(last);
    scene.engine.load(later);
    scene.engine.load(service("first"));
    scene.engine.load(service("listed"));

    CHECK(scene.start("boot", 1) == "launch first");
    CHECK(scene.tell("first", Event::launched) == "job 1 done, launch last, launch listed");
    CHECK(scene.tell("last", Event::launched) == "launch later");
}

TEST_CASE("targets that want each other are reached together", "[unit][engine][N19]") {
    Scene scene;
    REQUIRE_FALSE(scene.engine.load(target_of("a", {"b", "web"})));
    REQUIRE_FALSE(scene.engine.load(target_of("b", {"a"})));
    scene.engine.load(service("web"));

    CHECK(scene.start("b", 1) == "job 1 done, launch web");
    CHECK(scene.sub("a") == "waiting");
    CHECK(scene.tell("web", Event::launched) == "");
    CHECK(scene.sub("a") == "running");
}

TEST_CASE("an implied order never closes a cycle and never refuses a unit",
          "[unit][engine][N19][R6]") {
    // a is after x, which is after b; b would be after y, which is after a.
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(target_of("a", {"x", "z"})));
    REQUIRE_FALSE(graph.add(target_of("b", {"y", "b"})));
    UnitSpec x = service("x");
    x.after = {"b"};
    UnitSpec y = service("y");
    y.after = {"a"};
    REQUIRE_FALSE(graph.add(x));
    REQUIRE_FALSE(graph.add(y));

    CHECK(graph.earlier("a") == Names{"z"});
    CHECK(graph.earlier("b").empty());
    CHECK(graph.later("x").empty());
    CHECK(graph.later("z") == Names{"a"});

    REQUIRE_FALSE(graph.add(service("y")));
    CHECK(graph.earlier("a") == Names{"x", "z"});
    CHECK(graph.earlier("b") == Names{"y"});
    CHECK(graph.later("y") == Names{"b"});
}

TEST_CASE("a group does not wait for its members, and a service for nothing it wants",
          "[unit][engine][N19]") {
    Scene scene;
    UnitSpec web = group("web");
    web.wants = {"front"};
    UnitSpec back = service("back");
    back.wants = {"front"};
    scene.engine.load(web);
    scene.engine.load(service_on("front", "web"));
    scene.engine.load(back);

    CHECK(scene.start("web", 1) == "launch web");
    CHECK(scene.tell("web", Event::launched) == "job 1 done, launch front");
    scene.tell("front", Event::launched);
    CHECK(scene.start("back", 2) == "launch back");
}

TEST_CASE("a target stops before what it wanted, and stops nothing", "[unit][engine][N19]") {
    Scene scene;
    scene.engine.load(target_of("boot", {"web"}));
    scene.engine.load(service("web"));
    scene.bring_up("boot");

    CHECK(scene.stop("boot", 1) == "job 1 done");
    CHECK(scene.sub("web") == "running");
    scene.start("boot", 2);
    CHECK(scene.shut_down() == "signal web");
    CHECK(scene.sub("boot") == "dead");
}

TEST_CASE("a wanted unit that conflicts with another one tells why it does not start",
          "[unit][engine][N19]") {
    Scene scene;
    UnitSpec all = target("all");
    all.wants = {"green", "red"};
    scene.engine.load(std::move(all));
    UnitSpec red = service("red");
    red.conflicts = {"green"};
    scene.engine.load(std::move(red));
    scene.engine.load(service("green"));

    CHECK(scene.start("all", 1) == "launch green");
    CHECK(scene.sub("red") == "failed");
    CHECK(scene.engine.state("red").reason == "conflicts with 'green', which starts with it");

    // A request for it is another matter.
    CHECK(scene.tell("green", Event::launched) == "job 1 done");
    CHECK(scene.start("red", 2) == "signal green");
}

}  // namespace
}  // namespace confinit::engine
