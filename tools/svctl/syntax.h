// SPDX-License-Identifier: Apache-2.0
// Syntax: the arguments and options that svctl or one of its verbs takes, as plain data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace confinit {

// The variable that a value goes to. A bool makes a flag, and a vector takes any number of values.
using OptionTarget =
    std::variant<bool*, std::string*, std::optional<int>*, std::vector<std::string>*>;

struct OptionRange {
    int least;
    int most;
};

struct OptionDetails {
    const char* type = nullptr;         // the word for a value in the help
    const char* environment = nullptr;  // the variable that counts where the option is not given
    const char* needs = nullptr;        // a name of the option that has to be given as well
    const char* excludes = nullptr;     // a name of the option that must not be given as well
    bool is_required = false;
    bool is_one_in_help = false;  // the help shows no "..." behind it, though it may be repeated
    char delimiter = '\0';        // between several values in one word
    std::vector<std::string> choices = {};
    std::optional<OptionRange> range = {};
    // The fault of a value; an empty text for none.
    std::string (*check)(const std::string& value) = nullptr;
};

// An option, or an argument, whose one name has no dash.
struct Option {
    const char* names;  // separated by commas: "-f,--follow"
    OptionTarget target;
    const char* help;
    OptionDetails details;
};

struct Syntax {
    std::vector<Option> options;
    // Behind the options in the help. A text without newlines is broken into lines.
    std::string_view footer;

    OptionDetails& add(const char* names, OptionTarget target, const char* help,
                       OptionDetails details = {}) {
        return options.emplace_back(names, target, help, std::move(details)).details;
    }
};

}  // namespace confinit
