// SPDX-License-Identifier: Apache-2.0
// Groups: started with the first unit that requires them, stopped after the last one.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

Scene scene_of_two() {
    Scene scene;
    scene.engine.load(group("all"));
    scene.engine.load(service_on("one", "all"));
    scene.engine.load(service_on("two", "all"));
    return scene;
}

TEST_CASE("a group is there before its first member and gone after its last one",
          "[unit][engine]") {
    Scene scene = scene_of_two();

    CHECK(scene.start("one", 1) == "launch all");
    CHECK(scene.sub("one") == "waiting");
    CHECK(scene.tell("all", Event::launched) == "launch one");
    CHECK(scene.tell("one", Event::launched) == "job 1 done");
    scene.bring_up("two");
    CHECK(scene.stop("one", 2) == "signal one");
    CHECK(scene.end("one", Event::main_exited_clean) == "release one, job 2 done");
    CHECK(scene.sub("all") == "running");
    CHECK(scene.end("two", Event::main_failed) == "release two, release all");
    CHECK(scene.sub("two") == "failed");
    CHECK(scene.tell("all", Event::released) == "");
    CHECK(scene.sub("all") == "dead");
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("a group stays as long as a member lives in it that is to live elsewhere",
          "[unit][engine]") {
    Scene scene = scene_of_two();
    scene.engine.load(group("other"));
    scene.bring_up("one");
    scene.bring_up("two");

    UnitSpec lives_in_both = service_on("one", "other");
    lives_in_both.requires_units.push_back("all");
    lives_in_both.after.push_back("all");
    scene.engine.load(lives_in_both);
    CHECK(scene.stop("two", 1) == "signal two");
    CHECK(scene.end("two", Event::main_exited_clean) == "release two, job 1 done");
    CHECK(scene.sub("all") == "running");
    CHECK(scene.sub("one") == "running");

    CHECK(scene.restart("one", 2) == "signal one");
    CHECK(scene.tell("one", Event::main_exited_clean) == "");
    CHECK(scene.tell("one", Event::cgroup_empty) == "release one");
    scene.engine.load(service_on("one", "other"));
    CHECK(scene.tell("one", Event::released) == "launch other, release all");
    CHECK(scene.tell("other", Event::launched) == "launch one");
}

TEST_CASE("a group that is loaded anew beside its members stays as it is", "[unit][engine]") {
    Scene scene = scene_of_two();
    scene.start("all", 1);
    scene.tell("all", Event::launched);

    scene.engine.load(service_on("one", "all"));
    scene.engine.load(group("all"));

    CHECK(scene.pass(1h) == "");
    CHECK(scene.sub("all") == "running");
}

TEST_CASE("a group that was started for itself waits for its first member", "[unit][engine]") {
    Scene scene = scene_of_two();

    CHECK(scene.start("all", 1) == "launch all");
    CHECK(scene.tell("all", Event::launched) == "job 1 done");
    CHECK(scene.pass(1h) == "");
    CHECK(scene.sub("all") == "running");
}

TEST_CASE("a group stays while a member waits for its next try or is restarted", "[unit][engine]") {
    Scene scene;
    scene.engine.load(group("all"));
    UnitSpec spec = service_on("one", "all");
    spec.restart = Restart::on_failure;
    scene.engine.load(spec);
    scene.bring_up("one");

    CHECK(scene.end("one", Event::main_failed) == "release one");
    CHECK(scene.sub("one") == "auto-restart");
    CHECK(scene.sub("all") == "running");
    CHECK(scene.pass(1s) == "launch one");
    scene.tell("one", Event::launched);
    CHECK(scene.restart("one", 2) == "signal one");
    CHECK(scene.end("one", Event::main_exited_clean) == "release one, launch one");
    CHECK(scene.sub("all") == "running");
}

TEST_CASE("a group that cannot be made fails its members, with its reason", "[unit][engine][H4]") {
    Scene scene = scene_of_two();

    CHECK(scene.start("one", 1) == "launch all");
    CHECK(scene.tell("all", Event::launch_failed, "no memory controller") == "release all");
    CHECK(scene.tell("all", Event::released) ==
          "job 1 dependency-failed: requires 'all', which failed: no memory controller");
    CHECK(scene.sub("all") == "failed");
}

TEST_CASE("a group in a group goes before it", "[unit][engine]") {
    Scene scene;
    scene.engine.load(group("outer"));
    UnitSpec inner = group("inner");
    inner.requires_units = {"outer"};
    inner.after = {"outer"};
    scene.engine.load(inner);
    scene.engine.load(service_on("one", "inner"));
    scene.bring_up("one");

    CHECK(scene.stop("one", 2) == "signal one");
    CHECK(scene.end("one", Event::main_exited_clean) == "release one, job 2 done, release inner");
    CHECK(scene.tell("inner", Event::released) == "release outer");
    CHECK(scene.tell("outer", Event::released) == "");
    CHECK(scene.engine.is_quiet());
}

TEST_CASE("a stop of a group stops its members first", "[unit][engine]") {
    Scene scene = scene_of_two();
    scene.bring_up("one");

    CHECK(scene.stop("all", 2) == "signal one");
    CHECK(scene.end("one", Event::main_exited_clean) == "release one, release all");
    CHECK(scene.tell("all", Event::released) == "job 2 done");
}

TEST_CASE("a start while its group is being removed comes after that", "[unit][engine]") {
    Scene scene = scene_of_two();
    scene.bring_up("one");
    scene.stop("one", 2);
    scene.end("one", Event::main_exited_clean);
    CHECK(scene.sub("all") == "release");

    CHECK(scene.start("two", 3) == "");
    CHECK(scene.tell("all", Event::released) == "launch all");
    CHECK(scene.tell("all", Event::launched) == "launch two");
    CHECK(scene.tell("two", Event::launched) == "job 3 done");
}

}  // namespace
}  // namespace confinit::engine
