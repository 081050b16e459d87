// SPDX-License-Identifier: Apache-2.0
// The event loop: watches that go away while they are due, timers, deferred work, exceptions.
#include "supervisor/loop/event_loop.h"
#include "supervisor/loop/timer.h"

#include <catch2/catch.hpp>

#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <unistd.h>
#include <vector>

using namespace confinit;

namespace {

struct ReadyPipe {
    ReadyPipe() : pipe(*make_pipe()) { REQUIRE(write(pipe.write_end.get(), "x", 1) == 1); }
    Pipe pipe;
};

}  // namespace

TEST_CASE("a callback may drop its own watch", "[loop]") {
    auto loop = *EventLoop::make();
    const ReadyPipe ready;
    int calls = 0;
    Watch watch;

    watch = *loop->on_fd(ready.pipe.read_end, EPOLLIN, [&](std::uint32_t) {
        ++calls;
        watch.reset();
    });
    REQUIRE(loop->run_once());
    loop->defer([] {});
    REQUIRE(loop->run_once());

    CHECK(calls == 1);
}

TEST_CASE("a watch that is dropped in the same batch is not called back", "[loop]") {
    auto loop = *EventLoop::make();
    const ReadyPipe one;
    const ReadyPipe two;
    std::vector<Watch> watches(2);
    int calls = 0;

    const auto drop_both = [&](std::uint32_t) {
        ++calls;
        for (Watch& watch : watches)
            watch.reset();
    };
    watches[0] = *loop->on_fd(one.pipe.read_end, EPOLLIN, drop_both);
    watches[1] = *loop->on_fd(two.pipe.read_end, EPOLLIN, drop_both);
    REQUIRE(loop->run_once());

    CHECK(calls == 1);
}

TEST_CASE("an event for a closed descriptor does not reach the next owner of its number",
          "[loop]") {
    auto loop = *EventLoop::make();
    const ReadyPipe first;
    std::optional<ReadyPipe> second{std::in_place};
    std::optional<ReadyPipe> third;
    Watch second_watch;
    Watch third_watch;
    int wrong_calls = 0;

    const auto replace = [&](std::uint32_t) {
        if (third) return;
        second_watch.reset();
        second.reset();
        third.emplace();
        third_watch = *loop->on_fd(third->pipe.read_end, 0, [&](std::uint32_t) { ++wrong_calls; });
    };
    const Watch first_watch = *loop->on_fd(first.pipe.read_end, EPOLLIN, replace);
    second_watch = *loop->on_fd(second->pipe.read_end, EPOLLIN, replace);
    REQUIRE(loop->run_once());

    CHECK(wrong_calls == 0);
}

TEST_CASE("a timer that is due fires after the descriptors and what they defer", "[loop][N4]") {
    auto loop = *EventLoop::make();
    const ReadyPipe ready;
    std::string order;
    std::optional<Clock::time_point> deadline = Clock::now() - std::chrono::seconds{1};

    loop->set_timer([&] { return deadline; },
                    [&] {
                        order += "timer ";
                        deadline.reset();
                    });
    const Watch watch = *loop->on_fd(ready.pipe.read_end, EPOLLIN, [&](std::uint32_t) {
        order += "descriptor ";
        loop->defer([&] { order += "deferred "; });
    });
    REQUIRE(loop->run_once());

    CHECK(order == "descriptor deferred timer ");
}

TEST_CASE("a timer that is due fires after all descriptors that are ready", "[loop][N4]") {
    auto loop = *EventLoop::make();
    constexpr std::size_t count = 200;
    std::vector<ReadyPipe> ready(count);
    std::vector<Watch> watches;
    std::set<std::size_t> seen;
    std::optional<std::size_t> seen_by_timer;
    for (std::size_t i = 0; i < count; ++i) {
        watches.push_back(*loop->on_fd(ready[i].pipe.read_end, EPOLLIN,
                                       [&seen, i](std::uint32_t) { seen.insert(i); }));
    }
    loop->set_timer([] { return Clock::time_point{}; }, [&] { seen_by_timer = seen.size(); });

    // They stay ready, so that each turn is full.
    for (int turn = 0; turn < 5 && !seen_by_timer; ++turn)
        REQUIRE(loop->run_once());

    CHECK(seen_by_timer == count);
}

TEST_CASE("a callback that throws loses its work and rests, and the loop goes on", "[loop][R1]") {
    auto loop = *EventLoop::make();
    const ReadyPipe ready;
    int calls = 0;
    std::string alarm;
    loop->set_alarm([&](std::string_view what) { alarm = what; });

    const Watch watch = *loop->on_fd(ready.pipe.read_end, EPOLLIN, [&](std::uint32_t) {
        ++calls;
        throw std::runtime_error{"no memory"};
    });
    REQUIRE(loop->run_once());
    loop->defer([] {});
    REQUIRE(loop->run_once());

    CHECK(calls == 1);
    CHECK(alarm == "no memory");
}

TEST_CASE("where there is no memory for the alarm either, deferred work goes on", "[loop][R1]") {
    auto loop = *EventLoop::make();
    std::string order;
    int alarms = 0;
    loop->set_alarm([&](std::string_view) {
        ++alarms;
        throw std::bad_alloc{};
    });

    for (const char number : {'1', '2'}) {
        loop->defer([&order, number] {
            order += number;
            throw std::bad_alloc{};
        });
    }
    loop->defer([&] { order += '3'; });
    REQUIRE(loop->run_once());

    CHECK(order == "123");
    CHECK(alarms == 2);
}

TEST_CASE("a turn that ends half-way for want of memory is finished by the next", "[loop][R1]") {
    auto loop = *EventLoop::make();
    const ReadyPipe ready;
    std::string order;
    int failures = 2;
    loop->set_timer(
        [&]() -> std::optional<Clock::time_point> {
            if (failures == 0) return std::nullopt;
            --failures;
            throw std::bad_alloc{};
        },
        [] {});
    const Watch watch = *loop->on_fd(ready.pipe.read_end, EPOLLIN, [&](std::uint32_t) {
        if (order.empty()) order += "descriptor ";
    });
    loop->defer([&] { order += "deferred"; });

    for (int i = 0; i < 2; ++i)
        REQUIRE_THROWS_AS(loop->run_once(), std::bad_alloc);
    REQUIRE(loop->run_once());

    CHECK(order == "descriptor deferred");
}

TEST_CASE("a deadline that there was no memory for passes again", "[loop][R1]") {
    auto loop = *EventLoop::make();
    int calls = 0;
    Timer timer = *Timer::make(*loop, [&] {
        if (++calls < 3) throw std::bad_alloc{};
    });
    timer.set(std::chrono::milliseconds{1});

    for (int turn = 0; calls < 3 && turn < 1000; ++turn)
        REQUIRE(loop->run_once());

    CHECK(calls == 3);
}

TEST_CASE("a deadline that has passed is due at once, and none stops the timer", "[loop]") {
    auto loop = *EventLoop::make();
    int calls = 0;
    Timer stopped = *Timer::make(*loop, [&] { FAIL("it was stopped"); });
    Timer timer = *Timer::make(*loop, [&] { ++calls; });
    stopped.set_until(Clock::now() + std::chrono::milliseconds{1});
    stopped.set_until(std::nullopt);

    for (const auto late : {std::chrono::milliseconds{0}, std::chrono::milliseconds{1000}}) {
        timer.set_until(Clock::now() - late);
        REQUIRE(loop->run_once());
    }
    CHECK(calls == 2);

    const auto due = Clock::now() + std::chrono::milliseconds{20};
    timer.set_until(due);
    REQUIRE(loop->run_once());
    CHECK(calls == 3);
    CHECK(Clock::now() >= due);
}

TEST_CASE("work that defers itself again does not starve the descriptors", "[loop]") {
    auto loop = *EventLoop::make();
    const ReadyPipe ready;
    int reads = 0;
    std::function<void()> again = [&] {
        loop->defer(again);
    };
    loop->defer(again);

    const Watch watch = *loop->on_fd(ready.pipe.read_end, EPOLLIN, [&](std::uint32_t) { ++reads; });
    for (int turn = 0; turn < 3; ++turn)
        REQUIRE(loop->run_once());

    CHECK(reads == 3);
}
