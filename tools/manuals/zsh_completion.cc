// SPDX-License-Identifier: Apache-2.0
// The tables in the completion for zsh, as specifications of its _arguments.
#include "manuals/completions.h"

#include "base/text.h"
#include "manuals/offers.h"

#include <fmt/format.h>

namespace confinit {
namespace {

// A text inside of single quotes, in which brackets and colons would end the description.
std::string described(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        if (byte == '[' || byte == ']' || byte == ':' || byte == '\\') escaped.push_back('\\');
        if (byte == '\'') escaped += "'\\'";
        escaped.push_back(byte);
    }
    return escaped;
}

// The action that completes it; a blank where nothing does.
std::string action(const Offer& offer) {
    if (offer.kind == "words") return "(" + join(offer.words, " ") + ")";
    return offer.kind == "nothing" ? " " : fmt::format("_svctl_{}", offer.kind);
}

std::string option_specification(const Option& option, const Verb* verb) {
    std::string value;
    if (takes_value(option))
        value =
            fmt::format(":{}:{}", described(type_word(option)), action(offer_for(option, verb)));
    const auto names = names_of(option);
    const bool is_repeatable = takes_many(option) || option.details.is_one_in_help;
    // One that was given is not offered again.
    std::string text;
    for (const std::string& name : names) {
        const char* joint = value.empty() ? "" : name.starts_with("--") ? "=" : "+";
        const std::string first = is_repeatable ? "*" : "(" + join(names, " ") + ")";
        text += fmt::format(" '{}{}{}[{}]{}'", first, name, joint, described(option.help), value);
    }
    return text;
}

std::string argument_specifications(const VerbSyntax& verb) {
    std::string text;
    int place = 0;
    for (const Option& option : verb.syntax.options) {
        if (!is_argument(option)) continue;
        const std::string first = takes_many(option) ? "*" : std::to_string(++place);
        text += fmt::format(" '{}:{}:{}'", first, described(option.names),
                            action(offer_for(option, verb.verb)));
    }
    return text;
}

}  // namespace

std::string zsh_options_part() {
    Context ignored;
    std::string text;
    for (const Option& option : options_of_svctl(ignored))
        text += fmt::format("   {}\n", option_specification(option, nullptr));
    return text;
}

std::string zsh_verbs_part() {
    std::string text;
    for (const Verb& verb : all_verbs())
        text += fmt::format("    '{}:{}'\n", verb.name, described(verb.summary));
    return fmt::format("{})\n_svctl_folders=({})\n", "_svctl_verbs=(\n" + text, unit_folders());
}

std::string zsh_arguments_part() {
    std::string text;
    for (const VerbSyntax& verb : all_verb_syntaxes()) {
        std::string specifications;
        for (const Option& option : verb.syntax.options)
            if (!is_argument(option)) specifications += option_specification(option, verb.verb);
        text += fmt::format("    {}) specifications+=({}{}) ;;\n", verb.verb->name, specifications,
                            argument_specifications(verb));
    }
    return text;
}

}  // namespace confinit
