// SPDX-License-Identifier: Apache-2.0
// The end of everything with an essential unit, and the limit of restarts.
#include "engine_scene.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using namespace std::chrono_literals;

UnitSpec essential(UnitSpec spec, Restart restart = Restart::no) {
    spec.is_essential = true;
    spec.restart = restart;
    spec.restart_delay = 1s;
    return spec;
}

TEST_CASE("everything ends with an essential service that ends by itself", "[unit][engine][C2]") {
    for (const Event how : {Event::main_exited_clean, Event::main_failed}) {
        Scene scene;
        scene.engine.load(essential(service("web")));
        scene.bring_up("web");

        CHECK(scene.end("web", how) == "release web, end with web");
    }
}

TEST_CASE("everything ends with an essential oneshot, well or not", "[unit][engine][C2]") {
    for (const Event how : {Event::main_exited_clean, Event::main_failed}) {
        Scene scene;
        scene.engine.load(essential(oneshot("job")));
        scene.start("job", 1);
        scene.tell("job", Event::launched);

        CHECK(scene.end("job", how).ends_with("end with job"));
    }
}

TEST_CASE("everything ends with an essential service that cannot be launched",
          "[unit][engine][C2]") {
    Scene scene;
    scene.engine.load(essential(service("web")));
    scene.start("web", 1);

    CHECK(scene.tell("web", Event::launch_failed, "no program") == "release web");
    CHECK(scene.tell("web", Event::released) == "job 1 failed: no program, end with web");
}

TEST_CASE("everything ends with an essential unit that lacks what it requires",
          "[unit][engine][C2]") {
    Scene scene;
    scene.engine.load(oneshot("net"));
    scene.engine.load(essential(service_on("web", "net")));
    scene.start("web", 1);
    scene.tell("net", Event::launched);

    CHECK(scene.end("net", Event::main_failed).contains("end with web"));
}

TEST_CASE("a stop and a restart by request end nothing else", "[unit][engine][C2]") {
    Scene scene;
    scene.engine.load(essential(service("web")));
    scene.bring_up("web");

    scene.restart("web", 1);
    CHECK(scene.end("web", Event::main_failed) == "release web, launch web");
    scene.tell("web", Event::launched);
    scene.stop("web", 2);
    CHECK(scene.end("web", Event::main_exited_clean) == "release web, job 2 done");
}

TEST_CASE("while everything ends an essential unit asks for nothing", "[unit][engine][C2]") {
    Scene scene;
    scene.engine.load(essential(service("web")));
    scene.engine.load(service_on("app", "web"));
    scene.bring_up("app");

    scene.shut_down();
    CHECK(scene.end("web", Event::main_failed) == "release web");
}

TEST_CASE("an essential unit that is tried again ends nothing until its limit is met",
          "[unit][engine][C2][R3]") {
    Scene scene;
    UnitSpec web = essential(service("web"), Restart::on_failure);
    web.restart_limit = 2;
    scene.engine.load(web);
    scene.bring_up("web");

    for (int restart = 0; restart < 2; ++restart) {
        CHECK(scene.end("web", Event::main_failed) == "release web");
        CHECK(scene.pass(3s) == "launch web");
        scene.tell("web", Event::launched);
    }
    CHECK(scene.end("web", Event::main_failed, "exited with code 3") ==
          "release web, end with web");
    CHECK(scene.sub("web") == "failed");
    CHECK(scene.engine.state("web").reason ==
          "exited with code 3; not tried again after service.restart_limit = 2");
}

TEST_CASE("a run that was well, and a start by request, begin the count of restarts anew",
          "[unit][engine][R3]") {
    Scene scene;
    UnitSpec web = service("web");
    web.restart = Restart::always;
    web.restart_delay = web.restart_max_delay = 1s;
    web.restart_limit = 1;
    scene.engine.load(web);
    scene.bring_up("web");
    const auto crash = [&] {
        scene.end("web", Event::main_failed);
        return scene.sub("web");
    };

    CHECK(crash() == "auto-restart");
    scene.pass(1s);
    scene.tell("web", Event::launched);
    scene.pass(1s);
    CHECK(crash() == "auto-restart");
    scene.pass(1s);
    scene.tell("web", Event::launched);
    CHECK(crash() == "failed");

    scene.bring_up("web");
    CHECK(crash() == "auto-restart");
}

}  // namespace
}  // namespace confinit::engine
