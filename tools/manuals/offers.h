// SPDX-License-Identifier: Apache-2.0
// Offer: the words that a shell completes an argument or the value of an option with.
#pragma once

#include "manuals/verb_syntax.h"

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct Offer {
    // "units", "unit_files", "files", "directories", "keys", "changes", "commands", "hosts";
    // "words" for those below; "nothing" where nobody knows what may be typed.
    std::string_view kind;
    std::vector<std::string> words = {};
};

// `verb` is null for an option of svctl itself.
Offer offer_for(const Option& option, const Verb* verb);

// The names of an option, each with its dashes.
std::vector<std::string> names_of(const Option& option);

// Every option that may stand before each verb and behind it, also those that the parser adds.
std::vector<Option> options_of_svctl(Context& context);

}  // namespace confinit
