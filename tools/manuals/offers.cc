// SPDX-License-Identifier: Apache-2.0
// Offer: the words that a shell completes an argument or the value of an option with.
#include "manuals/offers.h"

#include "base/text.h"
#include "svctl/book.h"

#include <csignal>
#include <cstring>

namespace confinit {
namespace {

struct KnownWord {
    std::string_view word;  // the name of an argument, or the word for the value of an option
    std::string_view kind;
};

constexpr KnownWord known_words[] = {
    {"UNIT", "units"}, {"PATTERN", "units"},     {"FILE", "unit_files"},
    {"KEY", "keys"},   {"KEY=VALUE", "changes"}, {"COMMAND", "commands"},
    {"PATH", "files"}, {"HOST", "hosts"},        {"DIRECTORY", "directories"},
};

std::vector<std::string> signal_words() {
    std::vector<std::string> words;
    for (int signal = 1; signal < SIGRTMIN; ++signal)
        if (const char* name = sigabbrev_np(signal)) words.emplace_back(name);
    return words;
}

std::vector<std::string> help_words() {
    std::vector<std::string> words{"json"};
    for (const Verb& verb : all_verbs())
        words.emplace_back(verb.name);
    for (const BookPage& page : book_pages())
        words.emplace_back(page.name);
    return words;
}

}  // namespace

Offer offer_for(const Option& option, const Verb* verb) {
    if (!option.details.choices.empty()) return {"words", option.details.choices};
    const std::string word = is_argument(option) ? option.names : type_word(option);
    if (word == "SIGNAL") return {"words", signal_words()};
    if (word == "VERB") return {"words", help_words()};
    // A verb that works on files knows units that no supervisor has loaded.
    if (word == "UNIT" && verb != nullptr && verb->is_of_files) return {"unit_files"};
    for (const KnownWord& known : known_words)
        if (known.word == word) return {known.kind};
    return {"nothing"};
}

std::vector<std::string> names_of(const Option& option) {
    std::vector<std::string> names;
    for (const std::string_view name : split(option.names, ','))
        names.emplace_back(name);
    return names;
}

std::vector<Option> options_of_svctl(Context& context) {
    Syntax syntax = common_syntax(context);
    syntax.add("-h,--help", &context.raw, "tell what svctl or the verb does and takes");
    syntax.add("--version", &context.raw, "print the version");
    return syntax.options;
}

}  // namespace confinit
