// SPDX-License-Identifier: Apache-2.0
// VerbSyntax: each verb of svctl with the options that it declares, for who describes them.
#pragma once

#include "svctl/verbs.h"

#include <string>
#include <vector>

namespace confinit {

struct VerbSyntax {
    const Verb* verb;
    Syntax syntax;
    VerbAction action;  // it holds what the options point to
};

// The syntax of every verb, in the order of the help.
std::vector<VerbSyntax> all_verb_syntaxes();

// Whether it is named by its place and not by a dash.
bool is_argument(const Option& option);
bool takes_value(const Option& option);
bool takes_many(const Option& option);

// The word for the value of an option: "PATH".
std::string type_word(const Option& option);

}  // namespace confinit
