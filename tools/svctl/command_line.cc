// SPDX-License-Identifier: Apache-2.0
// The command line: parsed, and explained, by CLI11.
#include "svctl/command_line.h"

#include "svctl/human.h"

#include <CLI/CLI.hpp>
#include <type_traits>
#include <vector>

namespace confinit {
namespace {

CLI::Option* add_target(CLI::App& parser, const Option& option) {
    return std::visit(
        [&](auto* target) {
            if constexpr (std::is_same_v<decltype(target), bool*>) {
                return parser.add_flag(option.names, *target, option.help);
            } else {
                return parser.add_option(option.names, *target, option.help);
            }
        },
        option.target);
}

void add_checks(CLI::Option& added, const OptionDetails& details) {
    // A validator's own description would stand in the help, behind the type.
    if (!details.choices.empty()) added.check(CLI::IsMember(details.choices).description(""));
    if (details.range) {
        added.check(CLI::Range(details.range->least, details.range->most).description(""));
    }
    if (details.check != nullptr) added.check(details.check, "");
}

void add_option(CLI::App& parser, const Option& option) {
    CLI::Option& added = *add_target(parser, option);
    const OptionDetails& details = option.details;
    const bool takes_many = std::holds_alternative<std::vector<std::string>*>(option.target);
    // An option takes one value each time that it is given: what follows is an argument.
    if (takes_many && !added.get_positional()) added.allow_extra_args(false);
    if (details.is_one_in_help) added.expected(1)->take_all();
    if (details.is_required) added.required();
    if (details.type != nullptr) added.type_name(details.type);
    if (details.environment != nullptr) added.envname(details.environment);
    if (details.delimiter != '\0') added.delimiter(details.delimiter);
    if (details.needs != nullptr) added.needs(parser.get_option(details.needs));
    if (details.excludes != nullptr) added.excludes(parser.get_option(details.excludes));
    add_checks(added, details);
}

void add_options(CLI::App& parser, const Syntax& syntax) {
    for (const Option& option : syntax.options)
        add_option(parser, option);
}

CLI::App& add_verb(CLI::App& svctl, const Verb& verb) {
    CLI::App& parser = *svctl.add_subcommand(std::string{verb.name}, verb.summary);
    parser.group(verb.group);
    return parser;
}

// Svctl: the parser of all that may stand before a verb and behind it.
struct Svctl : CLI::App {
    explicit Svctl(const Syntax& common)
        : App("Control services of confinit, an init for confined services.", "svctl") {
        require_subcommand(0, 1);
        fallthrough();
        add_options(*this, common);
        set_version_flag("--version", "svctl " CONFINIT_VERSION);
    }
};

// CLI11 breaks no lines.
std::string broken(std::string_view footer) {
    return footer.contains('\n') ? std::string{footer} : wrapped(footer, 0);
}

// "Usage: NAME VERB ..." and so on, of a parser below one of this name.
std::string help(CLI::App& parser, const Syntax& syntax, const std::string& above) {
    // Types say nothing here, and the usage line tells what is required.
    CLI::FormatterBase& formatter = *parser.get_formatter();
    formatter.label("TEXT", "");
    formatter.label("REQUIRED", "");
    formatter.label("SUBCOMMAND", "VERB");
    parser.footer(broken(syntax.footer));
    return parser.help(above);
}

}  // namespace

std::optional<ParseEnd> parse(const Syntax& common, const Verb* verb, const Syntax& own,
                              Arguments arguments) {
    Svctl svctl{common};
    if (verb != nullptr) add_options(add_verb(svctl, *verb), own);
    // The library's one way to say that it could not parse is an exception. It takes the last
    // argument first.
    try {
        svctl.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return ParseEnd{verb == nullptr ? help_of_svctl() : help_of(*verb), false};
    } catch (const CLI::CallForVersion& version) {
        return ParseEnd{std::string{version.what()} + "\n", false};
    } catch (const CLI::ParseError& error) {
        return ParseEnd{error.what(), true};
    }
    return std::nullopt;
}

std::string help_of_svctl() {
    Context ignored;
    const Syntax common = common_syntax(ignored);
    Svctl svctl{common};
    for (const Verb& verb : all_verbs())
        add_verb(svctl, verb);
    return help(svctl, common, "");
}

std::string help_of(const Verb& verb) {
    Context ignored;
    Syntax own;
    const VerbAction unused = verb.declare(own);
    // A verb without a footer of its own has svctl's.
    if (own.footer.empty()) own.footer = common_syntax(ignored).footer;
    CLI::App svctl;
    CLI::App& parser = add_verb(svctl, verb);
    add_options(parser, own);
    return help(parser, own, "svctl");
}

}  // namespace confinit
