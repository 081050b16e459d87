// SPDX-License-Identifier: Apache-2.0
// A queue whose handler may fail: an exception loses no entry.
#include "supervisor/loop/retry_queue.h"

#include <catch2/catch.hpp>

#include <cctype>
#include <new>
#include <string>

namespace confinit {
namespace {

using Queue = RetryQueue<std::string>;

// In capitals.
Queue::Handler given_up(std::string& handled) {
    return [&handled](const std::string& entry) {
        handled += static_cast<char>(std::toupper(entry.front()));
    };
}

Queue queue_of(std::initializer_list<const char*> entries) {
    Queue queue;
    for (const char* entry : entries)
        queue.push(entry);
    return queue;
}

TEST_CASE("an entry whose handler fails is tried again, and then all that follow it",
          "[supervisor][N1]") {
    Queue queue = queue_of({"a", "b", "c"});
    const Clock::time_point now{};
    std::string handled;
    bool is_full = true;
    const auto handler = [&](const std::string& entry) {
        if (entry == "b" && std::exchange(is_full, false)) throw std::bad_alloc{};
        handled += entry;
    };

    CHECK_THROWS_AS(queue.handle_all(now, handler, given_up(handled)), std::bad_alloc);
    CHECK(handled == "a");
    REQUIRE(queue.next_try());
    CHECK(queue.is_resting(now));
    queue.handle_all(*queue.next_try(), handler, given_up(handled));

    CHECK(handled == "abc");
    CHECK(queue.is_empty());
    CHECK_FALSE(queue.next_try());
}

TEST_CASE("an entry that no try gets through does not hold up the others", "[supervisor][N1]") {
    Queue queue = queue_of({"a", "b"});
    std::string handled;
    const auto handler = [&](const std::string& entry) {
        if (entry == "a") throw std::bad_alloc{};
        handled += entry;
    };

    for (int i = 0; i < 1000 && !queue.is_empty(); ++i) {
        try {
            queue.handle_all(queue.next_try().value_or(Clock::time_point{}), handler,
                             given_up(handled));
        } catch (const std::bad_alloc&) {
        }
    }

    CHECK(handled == "Ab");
}

TEST_CASE("what a handler pushes waits for the next round", "[supervisor][N1]") {
    Queue queue = queue_of({"a"});
    std::string handled;
    const auto handler = [&](const std::string& entry) {
        handled += entry;
        if (entry == "a") queue.push("b");
    };

    queue.handle_all(queue.next_try().value_or(Clock::time_point{}), handler, given_up(handled));
    CHECK(handled == "a");
    queue.handle_all(queue.next_try().value_or(Clock::time_point{}), handler, given_up(handled));

    CHECK(handled == "ab");
}

TEST_CASE("as long as something waits there is a next try, whoever else asks for one",
          "[supervisor][N1][R1]") {
    Queue queue;
    const auto ignore = [](const std::string&) {
    };
    CHECK_FALSE(queue.next_try());
    queue.push("a");
    CHECK(queue.next_try());

    queue.handle_all(
        Clock::now(),
        [&](const std::string& entry) {
            if (entry == "a") queue.push("b");
        },
        ignore);
    CHECK(queue.next_try());
    queue.handle_all(Clock::now(), ignore, ignore);
    CHECK_FALSE(queue.next_try());
}

}  // namespace
}  // namespace confinit
