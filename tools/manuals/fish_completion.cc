// SPDX-License-Identifier: Apache-2.0
// The completion for fish: a `complete` for each verb, option and argument.
#include "manuals/completions.h"

#include "base/text.h"
#include "manuals/offers.h"

#include <fmt/format.h>

namespace confinit {
namespace {

std::string quoted_for_fish(std::string_view text) {
    std::string escaped = "'";
    for (const char byte : text) {
        if (byte == '\'' || byte == '\\') escaped.push_back('\\');
        escaped.push_back(byte);
    }
    return escaped + "'";
}

// " -a ..." for what an offer stands for; nothing where nobody knows it.
std::string candidates(const Offer& offer) {
    if (offer.kind == "nothing") return {};
    const std::string words =
        offer.kind == "words" ? join(offer.words, " ") : fmt::format("(__svctl_{})", offer.kind);
    return " -a " + quoted_for_fish(words);
}

std::string option_line(const Option& option, const Verb* verb, const std::string& condition) {
    std::string line = "complete -c svctl" + condition;
    for (const std::string& name : names_of(option))
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (takes_value(option)) line += " -x" + candidates(offer_for(option, verb));
    return line + " -d " + quoted_for_fish(option.help) + "\n";
}

// At this place behind the verb, or at each from there on.
std::string argument_line(const Option& option, const Verb& verb, int place) {
    const std::string where =
        fmt::format("__svctl_is_at {} {}{}", verb.name, place, takes_many(option) ? " more" : "");
    return fmt::format("complete -c svctl -n {}{} -d {}\n", quoted_for_fish(where),
                       candidates(offer_for(option, &verb)), quoted_for_fish(option.names));
}

std::string verb_lines(const VerbSyntax& verb) {
    std::string text = fmt::format("complete -c svctl -n __svctl_has_no_verb -a {} -d {}\n",
                                   verb.verb->name, quoted_for_fish(verb.verb->summary));
    const std::string condition =
        " -n " + quoted_for_fish(fmt::format("__svctl_is_at {} 0 more", verb.verb->name));
    int place = 0;
    for (const Option& option : verb.syntax.options) {
        text += is_argument(option) ? argument_line(option, *verb.verb, place++)
                                    : option_line(option, verb.verb, condition);
    }
    return text;
}

// The options of svctl and of its verbs whose value is the word behind them.
std::string value_options() {
    Context ignored;
    std::string text;
    const auto add = [&text](const std::vector<Option>& options) {
        for (const Option& option : options) {
            if (is_argument(option) || !takes_value(option)) continue;
            for (const std::string& name : names_of(option))
                if (!(text + " ").contains(" " + name + " ")) text += " " + name;
        }
    };
    add(options_of_svctl(ignored));
    for (const VerbSyntax& verb : all_verb_syntaxes())
        add(verb.syntax.options);
    return text;
}

}  // namespace

std::string fish_part() {
    Context ignored;
    std::string text = fmt::format("set -g __svctl_value_options{}\nset -g __svctl_folders {}\n\n",
                                   value_options(), unit_folders());
    for (const Option& option : options_of_svctl(ignored))
        text += option_line(option, nullptr, "");
    for (const VerbSyntax& verb : all_verb_syntaxes())
        text += verb_lines(verb);
    return text;
}

}  // namespace confinit
