// SPDX-License-Identifier: Apache-2.0
// WatchScene: a service whose main process is the test itself, and the loop that listens to it.
#pragma once

#include "supervisor/units/readiness_watch.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace confinit {

using namespace std::chrono_literals;

inline sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

inline bool send_to(const std::string& path, std::string_view text) {
    const sockaddr_un address = address_of(path);
    const Fd fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return sendto(fd.get(), text.data(), text.size(), 0,
                  reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) == static_cast<ssize_t>(text.size());
}

// A process that does this, and whose end has been waited for.
inline void in_child(const std::function<void()>& work) {
    const pid_t pid = fork();
    if (pid == 0) {
        work();
        _exit(0);
    }
    REQUIRE(waitpid(pid, nullptr, 0) == pid);
}

// We are the main process of the service.
struct WatchScene {
    explicit WatchScene(ServiceConfig service) {
        unit.name = "web";
        unit.service = std::move(service);
        const LaunchContext context{.reaper_program = none,
                                    .inaccessible_file = {},
                                    .notify_root = root.path() + "/notify",
                                    .capabilities = 0,
                                    .memory_total = 0};
        auto made = ReadinessWatch::make(unit, context, *loop, nullptr, log,
                                         {[this](engine::Event event) { events.push_back(event); },
                                          [this](engine::Time length) {
                                              extensions.push_back(length);
                                          }});
        if (!made) FAIL(made.error().text());
        watch = std::move(*made);
        REQUIRE(watch->open_socket(getuid()).has_value());
        path = notify_directory(unit, context) + "/" + watch->notify_name();
        REQUIRE(watch->begin(nullptr, "").has_value());
        watch->set_main(getpid());
        loop->set_timer([this] { return deadline; }, [this] { deadline.reset(); });
    }

    // Turns the loop until that many events have come, or that long.
    void turn(std::size_t wanted, Clock::duration length = 10s) {
        deadline = Clock::now() + length;
        while (events.size() < wanted && deadline)
            REQUIRE(loop->run_once().has_value());
    }
    // Lets the loop see what is there.
    void look() {
        loop->defer([] {});
        REQUIRE(loop->run_once().has_value());
    }

    TemporaryDirectory root;
    Fd none;
    std::unique_ptr<EventLoop> loop = *EventLoop::make();
    LogRing log;
    Unit unit;
    std::string path;
    std::vector<engine::Event> events;
    std::vector<engine::Time> extensions;
    std::optional<Clock::time_point> deadline;
    std::unique_ptr<ReadinessWatch> watch;
};

inline ServiceConfig notifying_service() {
    ServiceConfig service;
    service.ready.by = ReadyBy::notify;
    return service;
}

using Events = std::vector<engine::Event>;

}  // namespace confinit
