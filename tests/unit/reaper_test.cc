// SPDX-License-Identifier: Apache-2.0
// The reaper: each child's end is told once, also when there is no memory to hear of it.
#include "supervisor/loop/reaper.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <new>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace confinit;

namespace {

// A child that has ended and is a zombie.
pid_t ended_child(int code) {
    const pid_t pid = fork();
    if (pid == 0) _exit(code);
    siginfo_t info{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
    return pid;
}

bool is_reaped(pid_t pid) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

// Asks again until nothing fails any more, as the supervisor does.
int reap_all(Reaper& reaper) {
    for (int failures = 0;; ++failures) {
        REQUIRE(failures < 100);
        try {
            (void)reaper.reap(256);
            return failures;
        } catch (const std::bad_alloc&) {
            continue;
        }
    }
}

}  // namespace

TEST_CASE("an owner without memory is told again, and nobody's end is lost", "[unit][R1]") {
    Reaper reaper;
    std::vector<int> told;
    std::vector<pid_t> children;
    for (const int code : {7, 8}) {
        children.push_back(ended_child(code));
        reaper.adopt(children.back(), [&told, failures = 2](ExitStatus status) mutable {
            if (failures-- > 0) throw std::bad_alloc{};
            told.push_back(status.status);
        });
    }

    CHECK(reap_all(reaper) == 4);
    CHECK(reap_all(reaper) == 0);

    std::ranges::sort(told);
    CHECK(told == std::vector{7, 8});
    for (const pid_t child : children)
        CHECK(is_reaped(child));
}

TEST_CASE("who has to look before a child is reaped is asked again as well", "[unit][R1]") {
    Reaper reaper;
    int failures_before = 2;
    int failures_of_stranger = 2;
    int told = 0;
    reaper.set_before([&] {
        if (failures_before-- > 0) throw std::bad_alloc{};
    });
    reaper.set_stranger([&](pid_t pid) {
        if (failures_of_stranger-- > 0) throw std::bad_alloc{};
        reaper.adopt(pid, [&](ExitStatus) { ++told; });
    });
    const pid_t child = ended_child(0);

    CHECK(reap_all(reaper) == 4);

    CHECK(told == 1);
    CHECK(is_reaped(child));
}

TEST_CASE("no more than so many are reaped at once", "[unit][R1]") {
    Reaper reaper;
    std::vector<pid_t> children;
    for (int i = 0; i < 5; ++i)
        children.push_back(ended_child(0));

    CHECK_FALSE(reaper.reap(3));
    CHECK(std::ranges::count_if(children, is_reaped) == 3);
    CHECK(reaper.reap(3));
    CHECK(std::ranges::count_if(children, is_reaped) == 5);
}

TEST_CASE("the child that is told is reaped first, and the others with it", "[unit][R1]") {
    Reaper reaper;
    std::vector<pid_t> children;
    std::vector<pid_t> order;
    for (int i = 0; i < 3; ++i) {
        const pid_t child = ended_child(0);
        children.push_back(child);
        reaper.adopt(child, [&order, child](ExitStatus) { order.push_back(child); });
    }

    CHECK(reaper.reap(256, children[2]));
    CHECK(order == std::vector{children[2], children[0], children[1]});

    const pid_t late = ended_child(0);
    CHECK(reaper.reap(256, children[2]));
    CHECK(is_reaped(late));
    CHECK(reaper.reap(256, getpid()));
}
