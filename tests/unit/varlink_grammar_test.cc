// SPDX-License-Identifier: Apache-2.0
// The interface descriptions by the grammar of varlink.org, "Interface Definition".
#include "control/manager_interface.h"
#include "control/protocol.h"

#include <catch2/catch.hpp>

#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace confinit {
namespace {

// Grammar: reads one description. What it does not like is kept with the text from there on.
class Grammar {
public:
    explicit Grammar(std::string_view text) : rest_(text) { read_interface(); }

    std::string fault;
    std::set<std::string> names;  // of types, methods and errors, which share one name space
    std::set<std::string> used;   // types that something is of

private:
    bool expect(bool holds, std::string_view what) {
        if (!holds && fault.empty()) {
            fault = std::string{what} + " before: " + std::string{rest_.substr(0, 60)};
        }
        return fault.empty();
    }

    void skip_blanks() {
        for (;;) {
            rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
            if (!rest_.starts_with('#')) return;
            expect(rest_.contains('\n'), "a comment without an end");
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        }
    }

    bool take(std::string_view token) {
        skip_blanks();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    std::string take_name(const char* pattern) {
        skip_blanks();
        std::match_results<std::string_view::const_iterator> match;
        const bool is_name =
            std::regex_search(rest_.begin(), rest_.end(), match, std::regex{pattern},
                              std::regex_constants::match_continuous);
        if (!expect(is_name, "no name")) return {};
        rest_.remove_prefix(static_cast<std::size_t>(match.length()));
        return match.str();
    }
    std::string take_field_name() { return take_name("[A-Za-z](_?[A-Za-z0-9])*"); }

    // "(name: type, ...)" or, where one may be, "(word, word)".
    void read_group(bool may_be_enum) {
        if (!expect(take("("), "no group") || take(")")) return;
        std::set<std::string> fields;
        int types = 0;
        do {
            expect(fields.insert(take_field_name()).second, "a field twice");
            if (take(":")) {
                read_type();
                ++types;
            }
        } while (fault.empty() && take(","));
        expect(take(")"), "no end of a group");
        const bool is_struct = types == static_cast<int>(fields.size());
        expect(is_struct || (may_be_enum && types == 0), "a mixed group");
    }

    void read_type() {
        const bool is_nullable = take("?");
        if (take("[]") || take("[string]")) return read_type();
        expect(!(is_nullable && take("?")), "nullable twice");
        skip_blanks();
        if (rest_.starts_with('(')) return read_group(true);
        const std::string name = take_field_name();
        if (std::set<std::string>{"bool", "int", "float", "string", "object"}.contains(name)) {
            return;
        }
        expect(std::isupper(static_cast<unsigned char>(name[0])) != 0, "an unknown type");
        used.insert(name);
    }

    void read_interface() {
        expect(take("interface "), "no interface");
        (void)take_name("[A-Za-z]([-]*[A-Za-z0-9])*(\\.[A-Za-z0-9]([-]*[A-Za-z0-9])*)+");
        expect(rest_.starts_with('\n'), "no end of the line");
        for (skip_blanks(); fault.empty() && !rest_.empty(); skip_blanks())
            read_member();
    }

    void read_member() {
        const bool is_type = take("type ");
        const bool is_method = !is_type && take("method ");
        if (!expect(is_type || is_method || take("error "), "no member")) return;
        expect(names.insert(take_name("[A-Z][A-Za-z0-9]*")).second, "a name twice");
        read_group(is_type);
        if (is_method && expect(take("->"), "no result")) read_group(false);
    }

    std::string_view rest_;
};

}  // namespace

TEST_CASE("every description follows the standard's grammar", "[control][varlink]") {
    for (const std::string_view interface : interface_names()) {
        const Grammar grammar{*find_interface_description(interface)};

        INFO(interface);
        CHECK(grammar.fault.empty());
        CHECK(grammar.fault == "");
        for (const std::string& type : grammar.used)
            CHECK(grammar.names.contains(type));
    }
}

TEST_CASE("the standard's errors are described as the standard has them", "[control][varlink]") {
    const auto description = find_interface_description("org.varlink.service");
    REQUIRE(description);

    for (const std::string_view line :
         {"error InterfaceNotFound (interface: string)", "error MethodNotFound (method: string)",
          "error MethodNotImplemented (method: string)",
          "error InvalidParameter (parameter: string)", "error PermissionDenied ()",
          "error ExpectedMore ()"}) {
        INFO(line);
        CHECK(description->contains(line));
    }
}

TEST_CASE("every error that is sent is described", "[control][varlink]") {
    for (const std::string_view name : control_error_names.names()) {
        const std::size_t dot = name.rfind('.');
        const auto description = find_interface_description(name.substr(0, dot));

        INFO(name);
        REQUIRE(description);
        CHECK(description->contains("\nerror " + std::string{name.substr(dot + 1)} + " ("));
    }
}

TEST_CASE("what is against the grammar is found", "[control][varlink]") {
    const std::string text =
        GENERATE(as<std::string>{}, "type A (a: int)", "interface a.b type",
                 "interface a.b\ntype A (a int)", "interface a.b\nerror e ()",
                 "interface a.b\ntype A (a-b: int)", "interface a.b\ntype A (a: ??int)",
                 "interface a.b\ntype A (a: int, b)", "interface a.b\nmethod A() -> (a, b)",
                 "interface a.b\nmethod A()", "interface a.b\ntype A (_a: int)");

    INFO(text);
    CHECK_FALSE(Grammar{text}.fault.empty());
}

}  // namespace confinit
