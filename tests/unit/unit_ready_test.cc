// SPDX-License-Identifier: Apache-2.0
// What a unit says of its readiness and its scheduling, and what contradicts itself.
#include "unit_scene.h"

#include <chrono>
#include <linux/ioprio.h>
#include <sched.h>

namespace confinit {
namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("a service is up when it runs, says so, or writes to a descriptor", "[unit][C4]") {
    CHECK(good(minimal_service).service->ready.by == ReadyBy::exec);
    CHECK(good_service("ready = 'exec'").service->ready.by == ReadyBy::exec);
    CHECK(good_service("ready = 'notify'").service->ready.by == ReadyBy::notify);
    CHECK(good_service("ready = 'fd:3'").service->ready.by == ReadyBy::descriptor);
    CHECK(good_service("ready = 'fd:999'").service->ready.descriptor == 999);
    for (const char* word : {"fd:", "fd:2", "fd:1000", "fd:x", "fd:3 ", "notified", "socket"}) {
        INFO(word);
        CHECK(is_refused_in_service("ready = '" + std::string{word} + "'"));
    }
}

TEST_CASE("a service is up by its name on the bus, of which confinit-bus tells",
          "[unit][bus][C4]") {
    const Unit unit = good_service("ready = 'dbus:org.example.Name-1_x'");
    CHECK(unit.service->ready.by == ReadyBy::bus_name);
    CHECK(unit.service->ready.bus_name == "org.example.Name-1_x");
    CHECK(unit.unit.wants == std::vector<std::string>{"confinit-bus"});
    CHECK(unit.unit.after == std::vector<std::string>{"confinit-bus"});
    const std::string too_long = "dbus:a." + std::string(254, 'b');
    for (const std::string& word :
         {std::string{"dbus:"}, std::string{"dbus:org"}, std::string{"dbus:org..x"},
          std::string{"dbus:org.1x"}, std::string{"dbus:org.x "}, std::string{"dbus::1.5"},
          std::string{"dbus:.a.b"}, std::string{"dbus:a.b."}, std::string{"dbus:a.\u00e4"},
          std::string{"dbus:a.b,c"}, too_long}) {
        INFO(word);
        CHECK(is_refused_in_service("ready = '" + word + "'"));
    }
    CHECK(is_refused_in_service("ready = \"dbus:a.b'\""));
    CHECK(is_refused_in_service("type = 'notify'\nready = 'dbus:a.b'"));
    CHECK(is_refused_in_service("type = 'oneshot'\nready = 'dbus:a.b'"));
}

TEST_CASE("type = notify is short for ready = notify, and contradicts any other", "[unit][C4]") {
    CHECK(good_service("type = 'notify'").service->ready.by == ReadyBy::notify);
    CHECK(good_service("type = 'notify'\nready = 'notify'").service->ready.by == ReadyBy::notify);
    CHECK(faults(std::string{minimal_service} + "type = 'notify'\nready = 'fd:3'") ==
          "web.toml:4:9: service.ready: service.type = \"notify\" says otherwise; give one of the "
          "two\n");
}

TEST_CASE("a oneshot is neither asked whether it is ready nor watched", "[unit][C4]") {
    CHECK(faults(std::string{minimal_service} + "type = 'oneshot'\nready = 'notify'") ==
          "web.toml:4:9: service.ready: a oneshot service counts as started when it has ended\n");
    CHECK(is_refused_in_service("type = 'oneshot'\nwatchdog = '1s'"));
    CHECK(good_service("watchdog = '1s'").service->watchdog == 1s);
}

TEST_CASE("in a mount namespace that is joined there is no notify socket", "[unit][H3]") {
    constexpr std::string_view joined = "[namespaces]\nmount = 'unit:db'\n";

    CHECK(is_refused_in_service("type = 'notify'\n" + std::string{joined}));
    CHECK(is_refused_in_service("watchdog = '1s'\n" + std::string{joined}));
    CHECK_FALSE(is_refused_in_service("ready = 'fd:3'\n" + std::string{joined}));
}

TEST_CASE("a scheduling policy has a priority exactly where it is a realtime one", "[unit]") {
    const auto policy = [](std::string_view text) {
        return good_service("[process]\nscheduling = '" + std::string{text} + "'")
            .process.scheduling.value();
    };

    CHECK(policy("other") == SchedulingSetting{SCHED_OTHER, 0});
    CHECK(policy("batch") == SchedulingSetting{SCHED_BATCH, 0});
    CHECK(policy("idle") == SchedulingSetting{SCHED_IDLE, 0});
    CHECK(policy("fifo:1") == SchedulingSetting{SCHED_FIFO, 1});
    CHECK(policy("rr:99") == SchedulingSetting{SCHED_RR, 99});
    for (const char* text : {"fifo", "rr:0", "rr:100", "batch:1", "idle:", "deadline", ":5", ""}) {
        INFO(text);
        CHECK(is_refused_in_service("[process]\nscheduling = '" + std::string{text} + "'"));
    }
    CHECK(faults(std::string{minimal_service} + "[process]\nscheduling = 'fifp:3'")
              .find("did you mean 'fifo'?") != std::string::npos);
}

TEST_CASE("an I/O priority has a level exactly where its class has levels", "[unit]") {
    const auto priority = [](std::string_view text) {
        return good_service("[process]\nio_priority = '" + std::string{text} + "'")
            .process.io_priority.value();
    };

    CHECK(priority("idle") == IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT);
    CHECK(priority("best-effort:7") == (IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | 7));
    CHECK(priority("realtime:0") == IOPRIO_CLASS_RT << IOPRIO_CLASS_SHIFT);
    for (const char* text : {"realtime", "best-effort:8", "idle:0", "none", "4"}) {
        INFO(text);
        CHECK(is_refused_in_service("[process]\nio_priority = '" + std::string{text} + "'"));
    }
}

TEST_CASE("CPUs are a list of numbers and ranges", "[unit]") {
    const auto cpus = [](std::string_view text) {
        return good_service("[process]\ncpu_affinity = '" + std::string{text} + "'")
            .process.cpu_affinity;
    };

    CHECK(cpus("0-3,6") == std::vector<std::uint64_t>{0x4f});
    CHECK(cpus("64") == std::vector<std::uint64_t>{0, 1});
    for (const char* text : {"", "3-0", "0,", "-1", "0-", "8192", "a", "0 1"}) {
        INFO(text);
        CHECK(is_refused_in_service("[process]\ncpu_affinity = '" + std::string{text} + "'"));
    }
}

TEST_CASE("a keyring is private unless it is said to be inherited", "[unit]") {
    CHECK_FALSE(good(minimal_service).process.keyring);
    CHECK(good_service("[process]\nkeyring = 'private'").process.keyring == KeyringMode::separate);
    CHECK(good_service("[process]\nkeyring = 'inherit'").process.keyring == KeyringMode::inherited);
}

}  // namespace confinit
