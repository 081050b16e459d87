// SPDX-License-Identifier: Apache-2.0
// UnitGraph: cycles are refused and told, closures are complete, and nothing is left behind.
#include "engine/unit_graph.h"

#include <catch2/catch.hpp>

namespace confinit::engine {
namespace {

using Names = std::vector<std::string>;

UnitSpec after(std::string name, Names others) {
    return {.name = std::move(name), .after = std::move(others)};
}

TEST_CASE("a unit that completes a cycle is refused with the whole cycle", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("a", {"b"})));
    REQUIRE_FALSE(graph.add(after("b", {"c"})));

    const auto cycle = graph.add(after("c", {"a"}));

    CHECK(cycle == "c -> a -> b -> c");
    CHECK(graph.names() == Names{"a", "b"});
    CHECK(graph.later("a").empty());
}

TEST_CASE("the last added unit is refused, whichever it is", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("c", {"a"})));
    REQUIRE_FALSE(graph.add(after("b", {"c"})));

    CHECK(graph.add(after("a", {"b"})) == "a -> b -> c -> a");
}

TEST_CASE("before and after make a cycle together", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .before = {"b"}}));

    CHECK(graph.add({.name = "b", .before = {"a"}}) == "b -> a -> b");
}

TEST_CASE("a unit that is ordered after itself is refused", "[unit][engine][R6]") {
    UnitGraph graph;

    CHECK(graph.add(after("a", {"a"})) == "a -> a");
    CHECK(graph.add({.name = "b", .before = {"b"}}) == "b -> b");
    CHECK(graph.names().empty());
}

TEST_CASE("the cycle that is told is the shortest one", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("a", {"b"})));
    REQUIRE_FALSE(graph.add(after("b", {"z"})));
    REQUIRE_FALSE(graph.add(after("c", {"z"})));

    CHECK(graph.add(after("z", {"a", "c"})) == "z -> c -> z");
}

TEST_CASE("a circle of requirements without order is allowed", "[unit][engine]") {
    UnitGraph graph;

    CHECK_FALSE(graph.add({.name = "a", .requires_units = {"b"}}));
    CHECK_FALSE(graph.add({.name = "b", .requires_units = {"a"}}));
    CHECK(graph.find_start_set("a", Pull::required)->units == Names{"a", "b"});
    CHECK(graph.dependents("a") == Names{"b"});
}

TEST_CASE("a cycle through a unit that is not loaded is no cycle yet", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("a", {"ghost"})));

    CHECK_FALSE(graph.add({.name = "b", .after = {"a"}, .before = {"ghost"}}));
    CHECK(graph.add({.name = "ghost"}) == "ghost -> b -> a -> ghost");
}

TEST_CASE("a refused replacement leaves the former unit in force", "[unit][engine][R6]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("a", {"b"})));
    REQUIRE_FALSE(graph.add(after("b", {"c"})));

    CHECK(graph.add(after("b", {"a"})) == "b -> a -> b");
    CHECK(graph.earlier("b") == Names{"c"});
    CHECK(graph.later("c") == Names{"b"});
    CHECK(graph.later("a").empty());
}

TEST_CASE("a replacement takes the former unit's relations away", "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a",
                             .requires_units = {"b"},
                             .after = {"b"},
                             .before = {"c"},
                             .conflicts = {"d"}}));

    REQUIRE_FALSE(graph.add({.name = "a"}));

    CHECK(graph.required_by("b").empty());
    CHECK(graph.later("b").empty());
    CHECK(graph.earlier("c").empty());
    CHECK(graph.conflicting("d").empty());
}

TEST_CASE("order joins what both sides declare, and one declaration outlives the other",
          "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add(after("b", {"a"})));
    REQUIRE_FALSE(graph.add({.name = "a", .before = {"b", "c"}}));
    REQUIRE(graph.later("a") == Names{"b", "c"});

    graph.remove("a");

    CHECK(graph.later("a") == Names{"b"});
    CHECK(graph.earlier("b") == Names{"a"});
    CHECK(graph.earlier("c").empty());
}

TEST_CASE("conflicts hold both ways and never with itself", "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .conflicts = {"a", "b"}}));
    REQUIRE_FALSE(graph.add({.name = "b"}));

    CHECK(graph.conflicting("a") == Names{"b"});
    CHECK(graph.conflicting("b") == Names{"a"});
    CHECK(graph.find_start_set("a", Pull::required)->units == Names{"a"});
}

TEST_CASE("missing names stand in the closure of requires and wants", "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .requires_units = {"b"}, .after = {"not-needed"}}));
    REQUIRE_FALSE(graph.add({.name = "b", .requires_units = {"x"}, .wants = {"y", "x"}}));

    CHECK(graph.missing("a") == Names{"x", "y"});
    CHECK(graph.missing("b") == Names{"x", "y"});
    CHECK(graph.missing("nobody") == Names{"nobody"});
}

TEST_CASE("a start takes along what is required and what is wanted", "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .requires_units = {"b"}, .wants = {"c", "ghost"}}));
    REQUIRE_FALSE(graph.add({.name = "b", .wants = {"d"}}));
    REQUIRE_FALSE(graph.add({.name = "c", .requires_units = {"e"}}));
    REQUIRE_FALSE(graph.add({.name = "d"}));
    REQUIRE_FALSE(graph.add({.name = "e"}));
    REQUIRE_FALSE(graph.add({.name = "f", .requires_units = {"a"}}));

    CHECK(graph.find_start_set("a", Pull::required_and_wanted)->units ==
          Names{"a", "b", "c", "d", "e"});
    CHECK(graph.find_start_set("a", Pull::required)->units == Names{"a", "b"});
    CHECK(graph.dependents("e") == Names{"c"});
    CHECK(graph.dependents("b") == Names{"a", "f"});
}

TEST_CASE("required units that conflict are an error that names them", "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .requires_units = {"b", "c"}}));
    REQUIRE_FALSE(graph.add({.name = "b"}));
    REQUIRE_FALSE(graph.add({.name = "c", .conflicts = {"b"}}));

    const auto plan = graph.find_start_set("a", Pull::required);

    REQUIRE_FALSE(plan);
    CHECK(plan.error().text() == "it needs both 'b' and 'c', which conflict");
}

TEST_CASE("a wanted unit that conflicts with the rest is left out, with what it requires",
          "[unit][engine]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "a", .wants = {"b", "c"}}));
    REQUIRE_FALSE(graph.add({.name = "b", .conflicts = {"helper"}}));
    REQUIRE_FALSE(graph.add({.name = "c", .requires_units = {"helper"}}));
    REQUIRE_FALSE(graph.add({.name = "helper"}));

    const auto plan = graph.find_start_set("a", Pull::required_and_wanted);

    REQUIRE(plan);
    CHECK(plan->units == Names{"a", "b"});
    const std::string reason = "needs 'helper', which conflicts with 'b', which starts with it";
    CHECK(plan->left_out == std::vector{LeftOut{"c", "b", reason}});
}

TEST_CASE("a unit is needed while another one that is loaded requires or wants it",
          "[unit][engine][N2]") {
    UnitGraph graph;
    REQUIRE_FALSE(graph.add({.name = "web", .requires_units = {"db"}, .wants = {"log@1"}}));
    REQUIRE_FALSE(graph.add({.name = "db", .after = {"web@2"}}));

    CHECK(graph.is_needed("db"));
    CHECK(graph.is_needed("log@1"));
    CHECK_FALSE(graph.is_needed("web"));
    CHECK_FALSE(graph.is_needed("web@2"));
    graph.remove("web");
    CHECK_FALSE(graph.is_needed("log@1"));
}

}  // namespace
}  // namespace confinit::engine
