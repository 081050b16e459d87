// SPDX-License-Identifier: Apache-2.0
// The engine's words about units that are not loaded, and failed units that are reset.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

UnitSpec restarting(std::string name, Restart restart) {
    UnitSpec spec = service(std::move(name));
    spec.restart = restart;
    return spec;
}

TEST_CASE("why a required unit is not loaded stands in the reason", "[unit][engine][N12]") {
    Scene scene;
    scene.engine.load(service_on("web", "db"));
    scene.engine.explain_missing("db", "db.toml:3:1: unknown key");

    CHECK(scene.start("web", 1) ==
          "job 1 dependency-failed: requires 'db', which is not loaded: db.toml:3:1: unknown key");

    scene.engine.load(service("db"));
    REQUIRE(scene.engine.forget("db"));
    CHECK(scene.start("web", 2) == "job 2 dependency-failed: requires 'db', which is not loaded");
}

TEST_CASE("a failed unit that is reset is dead, without reason and attempts",
          "[unit][engine][N12]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::no));
    scene.bring_up("web");
    scene.end("web", Event::main_failed, "exit code 1");
    REQUIRE(scene.sub("web") == "failed");

    const Actions actions = scene.engine.reset_failed("web", scene.now);

    REQUIRE(actions.size() == 1);
    CHECK(actions.front().kind == ActionKind::state_changed);
    CHECK(scene.sub("web") == "dead");
    CHECK(scene.engine.state("web").reason.empty());
    CHECK(scene.engine.is_quiet());
    CHECK(scene.engine.reset_failed("nosuch", scene.now).empty());
    CHECK(scene.start("web", 1) == "launch web");
}

TEST_CASE("a unit that is tried again and is reset counts anew, and waits on",
          "[unit][engine][N12]") {
    Scene scene;
    scene.engine.load(restarting("web", Restart::on_failure));
    scene.bring_up("web");
    scene.end("web", Event::main_failed, "exit code 1");
    const auto due = scene.engine.state("web").deadline;

    CHECK(scene.engine.reset_failed("web", scene.now).empty());

    CHECK(scene.sub("web") == "auto-restart");
    CHECK(scene.engine.state("web").restarts == 0);
    CHECK(scene.engine.state("web").deadline == due);
}

}  // namespace
}  // namespace confinit::engine
