// SPDX-License-Identifier: Apache-2.0
// The operators: a table of callers against a supervisor.
#include "supervisor/control/authority.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace confinit {
namespace {

constexpr CapabilityMask all = 0x1ff'ffff'ffff;
constexpr CapabilityMask of_container = 0xa804'25fb;  // what container runtimes give by default
const std::string host = "user:[4026531837]";
const std::string other = "user:[4026532000]";

SupervisorFacts machine() {
    return {.uid = 0, .walls = {.permitted = all, .user_namespace = host, .filters = 0}};
}

// PID 1 of a container: few capabilities, a filter, and a user namespace that is its whole world.
SupervisorFacts container() {
    return {.uid = 0, .walls = {.permitted = of_container, .user_namespace = other, .filters = 1}};
}

Home in_unit(bool is_operator, Walls given = {.permitted = all, .user_namespace = host}) {
    return {.kind = Home::Kind::unit, .name = "web", .is_operator = is_operator, .given = given};
}

CallerFacts root(Home home) {
    return {.uid = 0, .walls = {.permitted = all, .user_namespace = host}, .home = home};
}

CallerFacts confined(Home home) {
    return {.uid = 0, .walls = {.user_namespace = host, .filters = 1}, .home = home};
}

// "" where it is allowed.
std::string refusal(const CallerFacts& caller, const SupervisorFacts& supervisor = machine()) {
    const auto allowed = check_operator(caller, supervisor);
    return allowed ? "" : allowed.error().text();
}

bool says(const std::string& text, std::string_view part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

const Home supervisor_node{.kind = Home::Kind::supervisor};
const Home outside{.kind = Home::Kind::outside};
const Home hand_made{.kind = Home::Kind::unknown, .name = "in node '/x'"};

}  // namespace

TEST_CASE("root of the machine is an operator, by where it lives", "[unit][N3]") {
    CHECK(refusal(root(supervisor_node)) == "");
    CHECK(refusal(root(outside)) == "");
    CHECK(refusal(root(in_unit(true))) == "");
    CHECK(says(refusal(root(in_unit(false))),
               "the caller lives in the service of unit 'web', which is no operator; "
               "service.operator = true in its unit would allow it"));
    CHECK(says(refusal(root(hand_made)), "lives in node '/x', which is of no unit"));
}

TEST_CASE("no other user is one, whatever it holds", "[unit][N3]") {
    for (const std::uint32_t uid : {1U, 1000U, 65534U, 2147483647U, 2147483648U, 4294967294U}) {
        CallerFacts caller = root(in_unit(true));
        caller.uid = uid;
        CHECK(refusal(caller) ==
              "the caller is user " + std::to_string(uid) + "; it is for user 0 only");
    }
}

TEST_CASE("the user of the supervisor is one beside root", "[unit][N3]") {
    const SupervisorFacts supervisor{.uid = 1000, .walls = {.user_namespace = host}};
    CallerFacts caller{.uid = 1000, .walls = {.user_namespace = host}, .home = outside};

    CHECK(refusal(caller, supervisor) == "");
    caller.walls.filters = 1;
    CHECK(says(refusal(caller, supervisor), "system call filter"));
    CHECK(refusal(root(outside), supervisor) == "");
    caller.uid = 1001;
    CHECK(says(refusal(caller, supervisor), "it is for user 0 and user 1000 only"));
}

TEST_CASE("root that is confined is none, and is told by what", "[unit][N3]") {
    CallerFacts caller = root(supervisor_node);
    caller.walls.permitted = all & ~(CapabilityMask{1} << 21);
    CHECK(refusal(caller) ==
          "the caller is confined: it lacks cap_sys_admin; call from outside of its walls");

    caller = root(supervisor_node);
    caller.walls.user_namespace = other;
    CHECK(says(refusal(caller), "it is in another user namespace"));

    caller = root(outside);
    caller.walls.filters = 2;
    CHECK(says(refusal(caller), "it is under 2 system call filters"));

    CHECK(says(refusal(confined(in_unit(false))),
               "root of unit 'web' is confined: it lacks cap_chown, cap_dac_override, "
               "cap_dac_read_search and 38 more, it is under 1 system call filter; "
               "service.operator = true and cap_dac_override in its unit would allow it"));
}

TEST_CASE("in a container the measure is its own PID 1", "[unit][N3]") {
    CallerFacts caller{.uid = 0,
                       .walls = {.permitted = of_container, .user_namespace = other, .filters = 1},
                       .home = outside};
    CHECK(refusal(caller, container()) == "");
    caller.home = supervisor_node;
    CHECK(refusal(caller, container()) == "");
    caller.home = in_unit(false);
    CHECK(says(refusal(caller, container()), "which is no operator"));
    caller.home = outside;
    ++caller.walls.filters;
    CHECK(says(refusal(caller, container()), "it is under 2 system call filters"));
}

TEST_CASE("an operator's unit may confine it, and it itself no further", "[unit][N3]") {
    const Walls given{.permitted = 0, .user_namespace = host, .filters = 1};
    CallerFacts caller = confined(in_unit(true, given));
    CHECK(refusal(caller) == "");

    ++caller.walls.filters;
    CHECK(says(refusal(caller),
               "the caller is more confined than unit 'web' makes it: "
               "it is under 2 system call filters"));
    caller = confined(in_unit(true, given));
    caller.walls.user_namespace = other;
    CHECK(says(refusal(caller), "it is in another user namespace"));
}

}  // namespace confinit
