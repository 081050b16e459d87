// SPDX-License-Identifier: Apache-2.0
// The tables in the completion for bash: the verbs, their options and arguments, and the values.
#include "manuals/completions.h"

#include "base/text.h"
#include "manuals/offers.h"
#include "unit/loader.h"

#include <fmt/format.h>

namespace confinit {
namespace {

std::string offer_text(const Offer& offer) {
    std::string text{offer.kind};
    for (const std::string& word : offer.words)
        text += ":" + word;
    return text;
}

std::string option_words(const std::vector<Option>& options) {
    std::vector<std::string> words;
    for (const Option& option : options) {
        if (is_argument(option)) continue;
        for (std::string& name : names_of(option))
            words.push_back(std::move(name));
    }
    return join(words, " ");
}

// "units..." for an argument that may be given again.
std::string argument_words(const VerbSyntax& verb) {
    std::vector<std::string> words;
    for (const Option& option : verb.syntax.options) {
        if (!is_argument(option)) continue;
        words.push_back(offer_text(offer_for(option, verb.verb)) +
                        (takes_many(option) ? "..." : ""));
    }
    return join(words, " ");
}

std::string values_of(std::string_view verb, const std::vector<Option>& options, const Verb* row) {
    std::string text;
    for (const Option& option : options) {
        if (is_argument(option) || !takes_value(option)) continue;
        std::vector<std::string> patterns;
        for (const std::string& name : names_of(option))
            patterns.push_back(fmt::format("{}:{}", verb, name));
        text += fmt::format("    {}) offer={} ;;\n", join(patterns, " | "),
                            offer_text(offer_for(option, row)));
    }
    return text;
}

}  // namespace

std::string unit_folders() {
    std::string text;
    for (const std::string& folder : default_unit_path())
        text.append(text.empty() ? "" : " ").append(folder);
    return text;
}

std::string bash_verbs_part() {
    Context ignored;
    std::vector<std::string> verbs;
    for (const Verb& verb : all_verbs())
        verbs.emplace_back(verb.name);
    return fmt::format("_svctl_verbs='{}'\n_svctl_options='{}'\n_svctl_folders='{}'\n",
                       join(verbs, " "), option_words(options_of_svctl(ignored)), unit_folders());
}

std::string bash_arguments_part() {
    std::string text;
    for (const VerbSyntax& verb : all_verb_syntaxes()) {
        text += fmt::format("    {}) options='{}' arguments='{}' ;;\n", verb.verb->name,
                            option_words(verb.syntax.options), argument_words(verb));
    }
    return text;
}

std::string bash_values_part() {
    Context ignored;
    std::string text = values_of("*", options_of_svctl(ignored), nullptr);
    for (const VerbSyntax& verb : all_verb_syntaxes())
        text += values_of(verb.verb->name, verb.syntax.options, verb.verb);
    return text;
}

}  // namespace confinit
