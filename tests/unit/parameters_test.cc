// SPDX-License-Identifier: Apache-2.0
// The parameters of calls against the interface description.
#include "control/parameters.h"
#include "control/protocol.h"

#include <catch2/catch.hpp>

namespace confinit {
namespace {

std::string fault_of(Method method, const Json& parameters) {
    const auto bad = find_bad_parameter(method_names.name(method), parameters);
    return bad ? bad->name + " " + bad->fault : "";
}

TEST_CASE("a parameter of another type is named", "[control][N1][X10]") {
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"command", {1, 2}}}) ==
          "command[0] must be a text");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"command", {"ls", nullptr}}}) ==
          "command[1] must be a text");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"command", "ls"}}) ==
          "command must be an array");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"privileged", 1}}) ==
          "privileged must be true or false");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"terminal", true}}) ==
          "terminal must be an object");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"terminal", {{"rows", "24"}}}}) ==
          "terminal.rows must be a whole number of 64 bits");
    CHECK(fault_of(Method::enter, {{"unit", "a"}, {"terminal", {{"row", 24}}}}) ==
          "terminal.row is not known here");
    CHECK(fault_of(Method::events, {{"units", {"a", 7}}}) == "units[1] must be a text");
    CHECK(fault_of(Method::kill, {{"unit", "a"}, {"signal", 15.0}}) ==
          "signal must be a whole number of 64 bits");
    CHECK(fault_of(Method::kill, {{"unit", "a"}, {"signal", 18446744073709551615U}}) ==
          "signal must be a whole number of 64 bits");
    CHECK(fault_of(Method::kill, {{"unit", "a"}, {"whom", "none"}}) ==
          "whom must be one of main, all");
    CHECK(fault_of(Method::get_interface_description, {{"interface", 1}}) ==
          "interface must be a text");
}

TEST_CASE("a missing parameter and an unknown one are named", "[control][N1]") {
    CHECK(fault_of(Method::start, Json::object()) == "unit is missing");
    CHECK(fault_of(Method::start, {{"unit", nullptr}}) == "unit is missing");
    CHECK(fault_of(Method::start, {{"unit", "a"}, {"force", true}}) == "force is not known here");
    CHECK(fault_of(Method::power_off, {{"unit", "a"}}) == "unit is not known here");
    CHECK(fault_of(Method::set, {{"unit", "a"}, {"values", {{"k", 1}}}}) ==
          "values[0] must be a text");
}

TEST_CASE("a good call passes, with or without what may be absent", "[control][N1]") {
    CHECK(fault_of(Method::enter, {{"unit", "a"}}) == "");
    CHECK(fault_of(Method::enter,
                   {{"unit", "a"},
                    {"command", {"ls", "/"}},
                    {"privileged", true},
                    {"terminal", {{"rows", 24}, {"columns", 80}, {"term", "vt100"}}}}) == "");
    CHECK(fault_of(Method::kill, {{"unit", "a"}}) == "");
    CHECK(fault_of(Method::kill, {{"unit", "a"}, {"signal", 15}, {"whom", "main"}}) == "");
    CHECK(fault_of(Method::list, Json::object()) == "");
    CHECK(fault_of(Method::get_info, Json::object()) == "");
}

TEST_CASE("every method that is served is described", "[control][N1]") {
    for (const auto& [method, name] : method_names.rows) {
        INFO(name);
        CHECK(fault_of(method, {{"no such parameter", 1}}) != "");
    }
}

}  // namespace
}  // namespace confinit
