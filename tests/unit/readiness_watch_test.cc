// SPDX-License-Identifier: Apache-2.0
// When a service is ready, what it says of itself, and its signs of life.
#include "readiness_scene.h"

#include <csignal>

namespace confinit {

TEST_CASE("READY=1 of the main process is heard once", "[unit][R7]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();

    REQUIRE(send_to(scene.path, "READY=1\nSTATUS=up"));
    REQUIRE(send_to(scene.path, "READY=1"));
    scene.look();

    CHECK(scene.events == Events{engine::Event::ready});
    CHECK(scene.watch->report().status == "up");
}

TEST_CASE("what is said before the launch is over is heard after it", "[unit][C4]") {
    WatchScene scene{notifying_service()};
    REQUIRE(send_to(scene.path, "READY=1"));
    scene.look();
    CHECK(scene.events.empty());

    scene.watch->on_launched();
    scene.look();

    CHECK(scene.events == Events{engine::Event::ready});
}

TEST_CASE("what a service says of itself is kept for people", "[unit]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();

    REQUIRE(send_to(scene.path, "RELOADING=1\nSTATUS=reading its files\nERRNO=2"));
    scene.look();
    CHECK(scene.watch->report().state == "reloading");
    CHECK(scene.watch->report().status == "reading its files");
    CHECK(scene.watch->report().error == 2);

    REQUIRE(send_to(scene.path, "READY=1"));
    scene.look();
    CHECK(scene.watch->report().state.empty());
    REQUIRE(send_to(scene.path, "STOPPING=1\nEXTEND_TIMEOUT_USEC=2000000"));
    scene.look();
    CHECK(scene.watch->report().state == "stopping");
    CHECK(scene.extensions == std::vector<engine::Time>{2s});
}

TEST_CASE("the last words of the main process are heard, and then its number means nobody",
          "[unit][R4][R7]") {
    WatchScene scene{notifying_service()};
    scene.watch->on_launched();
    REQUIRE(send_to(scene.path, "STATUS=bye"));
    scene.watch->end_main();
    CHECK(scene.watch->report().status == "bye");

    REQUIRE(send_to(scene.path, "READY=1\nSTATUS=somebody else"));
    scene.look();

    CHECK(scene.events.empty());
    CHECK(scene.watch->report().status == "bye");
}

TEST_CASE("READY=1 of a service that is up when it runs is not asked for", "[unit]") {
    ServiceConfig service;
    service.watchdog = 10s;
    WatchScene scene{std::move(service)};
    scene.watch->on_launched();

    REQUIRE(send_to(scene.path, "READY=1"));
    scene.look();

    CHECK(scene.events.empty());
}

TEST_CASE("a service that gives no sign of life misses its watchdog", "[unit]") {
    ServiceConfig service = notifying_service();
    service.watchdog = 100ms;
    WatchScene scene{std::move(service)};
    scene.watch->on_launched();
    // Before it is ready it has start_timeout.
    scene.turn(1, 250ms);
    CHECK(scene.events.empty());

    REQUIRE(send_to(scene.path, "READY=1"));
    scene.turn(2);

    CHECK(scene.events == Events{engine::Event::ready, engine::Event::watchdog_missed});
}

TEST_CASE("a sign of life that is unread when the watchdog is due counts", "[unit][R8]") {
    ServiceConfig service;
    service.watchdog = 10ms;
    WatchScene scene{std::move(service)};
    scene.watch->on_launched();
    const auto due = Clock::now() + 10ms;
    while (Clock::now() <= due) {
    }
    REQUIRE(send_to(scene.path, "WATCHDOG_USEC=60000000"));

    scene.look();
    scene.look();

    CHECK(scene.events.empty());
}

TEST_CASE("signs of life, a freeze and a stop hold the watchdog off", "[unit]") {
    ServiceConfig service;
    service.watchdog = 400ms;
    WatchScene scene{std::move(service)};
    scene.watch->on_launched();
    for (int i = 0; i < 6; ++i) {
        REQUIRE(send_to(scene.path, "WATCHDOG=1"));
        scene.turn(1, 100ms);
    }
    CHECK(scene.events.empty());

    scene.watch->set_frozen(true);
    scene.turn(1, 1s);
    CHECK(scene.events.empty());
    scene.watch->set_frozen(false);
    SECTION("afterwards it counts again") {
        scene.turn(1);
        CHECK(scene.events == Events{engine::Event::watchdog_missed});
    }
    SECTION("a service that is to stop is not asked any more") {
        scene.watch->end_watchdog();
        scene.turn(1, 1s);
        CHECK(scene.events.empty());
    }
    SECTION("it may be missed on purpose") {
        REQUIRE(send_to(scene.path, "WATCHDOG=trigger"));
        scene.turn(1, 200ms);
        CHECK(scene.events == Events{engine::Event::watchdog_missed});
    }
    SECTION("the service may choose another time") {
        REQUIRE(send_to(scene.path, "WATCHDOG_USEC=60000000"));
        scene.turn(1, 1s);
        CHECK(scene.events.empty());
    }
}

TEST_CASE("the owner of the bus name makes the run ready if it is of the unit", "[unit][bus][R8]") {
    ServiceConfig service;
    service.ready = {.by = ReadyBy::bus_name, .bus_name = "org.example.Web"};
    WatchScene scene{std::move(service)};
    CHECK_FALSE(scene.watch->set_name_owner(getpid()));
    scene.watch->on_launched();

    CHECK_FALSE(scene.watch->set_name_owner(0));
    CHECK_FALSE(scene.watch->set_name_owner(1));
    CHECK(scene.events.empty());
    CHECK(scene.watch->set_name_owner(getpid()) ==
          "the bus name 'org.example.Web' is owned by pid " + std::to_string(getpid()));
    CHECK_FALSE(scene.watch->set_name_owner(getpid()));
    CHECK(scene.watch->set_name_owner(1) == "the bus name 'org.example.Web' is lost");
    CHECK(scene.watch->set_name_owner(getpid()));
    CHECK(scene.events == Events{engine::Event::ready});
}

TEST_CASE("a newline on the ready pipe is what counts", "[unit][C4][N21]") {
    ServiceConfig service;
    service.ready = {.by = ReadyBy::descriptor, .descriptor = 3};
    WatchScene scene{std::move(service)};
    Fd pipe = scene.watch->take_pipe();
    scene.watch->on_launched();

    REQUIRE(write(pipe.get(), "almost", 6) == 6);
    scene.look();
    CHECK(scene.events.empty());
    SECTION("with it the service is ready") {
        REQUIRE(write(pipe.get(), "\n", 1) == 1);
        scene.look();
        CHECK(scene.events == Events{engine::Event::ready});
        // Who goes on writing has nobody to read it.
        signal(SIGPIPE, SIG_IGN);
        CHECK(write(pipe.get(), "\n", 1) < 0);
        signal(SIGPIPE, SIG_DFL);
    }
    SECTION("also out of band: no byte is passed over, nor what came with it") {
        REQUIRE(send(pipe.get(), "\n", 1, MSG_OOB) == 1);
        scene.look();
        CHECK(scene.events == Events{engine::Event::ready});
    }
    SECTION("without it, it is not, and that is told") {
        pipe.reset();
        scene.look();
        CHECK(scene.events.empty());
        REQUIRE(scene.log.lines().size() == 1);
        CHECK(scene.log.lines().front().text.find("without a newline") != std::string::npos);
    }
}

TEST_CASE("a unit that asks for nothing of this has no socket", "[unit]") {
    WatchScene scene{ServiceConfig{}};
    scene.watch->on_launched();
    scene.watch->end_main();

    CHECK(access(scene.path.c_str(), F_OK) < 0);
}

}  // namespace confinit
