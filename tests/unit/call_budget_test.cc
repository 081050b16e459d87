// SPDX-License-Identifier: Apache-2.0
// The time of PID 1 that the callers of one user may take.
#include "supervisor/control/call_budget.h"

#include <catch2/catch.hpp>

using namespace confinit;
using namespace std::chrono_literals;

namespace {

constexpr CallRates rates{.of_one = 100ms, .of_all = 200ms};
const Clock::time_point start{1h};

}  // namespace

TEST_CASE("a user with nothing spent may call at once, and leaves nothing behind", "[budget][N2]") {
    CallBudget budget{rates};

    CHECK(budget.next_call(1000, start) == start);
    CHECK(budget.size() == 0);
}

TEST_CASE("a debt is paid by waiting, at the rate of one user", "[budget][N2]") {
    CallBudget budget{rates};

    // The bucket holds 25 ms; a call that took 35 ms leaves a debt of 10.
    budget.charge(1000, 35ms, start);

    const auto due = budget.next_call(1000, start);
    CHECK(due - start >= 100ms);
    CHECK(due - start < 101ms);
    CHECK(budget.next_call(1000, due) == due);
}

TEST_CASE("one user's debt is not another's", "[budget][N2]") {
    CallBudget budget{rates};

    budget.charge(1000, 35ms, start);

    CHECK(budget.next_call(1001, start) == start);
}

TEST_CASE("many users together have no more than their part", "[budget][N2]") {
    CallBudget budget{rates};

    for (uid_t uid = 1000; uid < 1010; ++uid)
        budget.charge(uid, 6ms, start);

    // 60 ms of 50 are spent, and nobody has spent all of his own.
    const auto due = budget.next_call(2000, start);
    CHECK(due - start >= 50ms);
    CHECK(due - start < 51ms);
}

TEST_CASE("time that nobody used is not saved up beyond the bucket, and full ones are forgotten",
          "[budget][N2]") {
    CallBudget budget{rates};
    budget.charge(1000, 10ms, start);

    budget.charge(1001, 30ms, start + 1h);

    CHECK(budget.size() == 1);
    CHECK(budget.next_call(1001, start + 1h) > start + 1h);
}

TEST_CASE("only the outermost of nested meters charges", "[budget][N2]") {
    CallBudget budget{rates};
    {
        const CallMeter outer{&budget, 1000};
        const CallMeter inner{&budget, 1001};
        const CallMeter of_operator{nullptr, 0};
    }

    CHECK(budget.size() == 1);
}
