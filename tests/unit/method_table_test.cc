// SPDX-License-Identifier: Apache-2.0
// The table of methods against the interface description, there and back, and what it gives a
// deputy.
#include "bus/interface_files.h"
#include "bus/translation.h"
#include "control/description.h"
#include "control/manager_interface.h"
#include "control/methods.h"
#include "source_paths.h"
#include "supervisor/control/methods.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace confinit {
namespace {

std::vector<DescribedMethod> described(std::string_view interface) {
    return described_methods(*find_interface_description(interface));
}

std::set<std::string> described_names() {
    std::set<std::string> names;
    for (const std::string_view interface : interface_names()) {
        for (const DescribedMethod& method : described(interface))
            names.insert(std::string{interface} + "." + method.name);
    }
    return names;
}

// The signature that fits a Varlink type, as far as the type alone tells it.
bool fits(std::string_view type, const BusArgument& argument) {
    if (argument.name == "job") return type == "int" && argument.signature == "o";
    if (type == "string" || type.starts_with("(")) return argument.signature == "s";
    if (type == "bool") return argument.signature == "b";
    if (type == "int") return std::string_view{"iuxt"}.contains(argument.signature);
    if (type == "[]string") return argument.signature == "as";
    if (type == "[string]string") return argument.signature == "a{ss}";
    return type.starts_with("[]") && argument.signature.starts_with("a(") &&
           !argument.fields.empty();
}

void check_arguments(std::string_view method, std::span<const BusArgument> arguments,
                     const std::vector<DescribedMember>& members) {
    for (const BusArgument& argument : arguments) {
        INFO(method << " " << argument.name);
        const auto member = std::ranges::find(members, argument.name, &DescribedMember::name);
        REQUIRE(member != members.end());
        CHECK(fits(member->type, argument));
        CHECK(split_signature(argument.signature).size() == 1);
    }
}

}  // namespace

TEST_CASE("the table and the description have the same methods", "[control][bus]") {
    std::set<std::string> in_table;
    for (const MethodInfo& method : method_table) {
        CHECK(in_table.emplace(method.name).second);
        CHECK(&method_info(method.method) == &method);
        CHECK(find_method(method.name) != nullptr);
    }
    CHECK(in_table == described_names());
}

TEST_CASE("the D-Bus methods have the types of the description", "[control][bus]") {
    std::set<std::string_view> names;
    for (const DescribedMethod& described : described("org.confinit.Manager")) {
        const auto row = std::ranges::find_if(method_table, [&](const MethodInfo& method) {
            return method.name == "org.confinit.Manager." + described.name;
        });
        REQUIRE(row != method_table.end());
        for (const BusMethod& bus : row->bus) {
            CHECK(names.insert(bus.name).second);
            CHECK_FALSE((described.documentation.empty() && bus.documentation.empty()));
            if (bus.is_local) continue;
            check_arguments(bus.name, bus.in, described.in);
            check_arguments(bus.name, bus.out, described.out);
            for (const DescribedMember& member : described.in) {
                const bool is_given =
                    std::ranges::find(bus.in, member.name, &BusArgument::name) != bus.in.end();
                INFO(bus.name << " " << member.name);
                CHECK((is_given || member.may_be_absent));
            }
        }
    }
}

TEST_CASE("who rules needs an action, and no deputy enters or reads secrets",
          "[control][bus][X15]") {
    for (const MethodInfo& method : method_table) {
        INFO(method.name);
        CHECK((method.callers == Callers::operators) == (method.action != Action::none));
        if (!method.bus.empty()) CHECK(method.for_deputy);
    }
    for (const Method method : {Method::enter, Method::logs, Method::filter})
        CHECK_FALSE(method_info(method).for_deputy);
}

TEST_CASE("the policy has every action that is asked for", "[bus][X11]") {
    std::ifstream file{CONFINIT_SOURCE "/packaging/polkit/org.confinit.policy"};
    const std::string policy{std::istreambuf_iterator<char>{file}, {}};
    for (const auto& [action, name] : action_names.rows) {
        INFO(name);
        const bool is_there = policy.contains("<action id=\"" + std::string{name} + "\">");
        CHECK(is_there == (action != Action::none));
    }
}

TEST_CASE("the description is read with its comments", "[control][bus]") {
    const auto methods = described_methods(
        "# Not of it.\n\n# Does it.\n# And well.\nmethod Do(a: ?(x, y), # why\n  b: []T) -> (c: "
        "[string]string)\nmethod Bare() -> ()\n");

    REQUIRE(methods.size() == 2);
    CHECK(methods[0].name == "Do");
    CHECK(methods[0].documentation == "Does it. And well.");
    REQUIRE(methods[0].in.size() == 2);
    CHECK(methods[0].in[0].name == "a");
    CHECK(methods[0].in[0].type == "(x, y)");
    CHECK(methods[0].in[0].may_be_absent);
    CHECK(methods[0].in[1].type == "[]T");
    REQUIRE(methods[0].out.size() == 1);
    CHECK(methods[0].out[0].type == "[string]string");
    CHECK(methods[1].documentation.empty());
    CHECK(methods[1].in.empty());
}

TEST_CASE("the introspection files hold every method with its types and its comment", "[bus]") {
    const auto files = interface_files();

    REQUIRE(files.size() == 5);
    CHECK(files[0].first == "org.confinit.Manager1");
    const std::string& manager = files[0].second;
    for (const MethodInfo& method : method_table) {
        for (const BusMethod& bus : method.bus)
            CHECK(manager.contains("<method name=\"" + std::string{bus.name} + "\">"));
    }
    CHECK(manager.contains("<arg name=\"values\" type=\"a{ss}\" direction=\"in\"/>"));
    CHECK(manager.contains("Starts a unit, and what it requires and wants."));
    CHECK(manager.contains("Takes the polkit action org.confinit.manage-units."));
    CHECK(files[2].second.contains("EmitsChangedSignal\" value=\"false\""));
}

}  // namespace confinit
