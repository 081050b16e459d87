// SPDX-License-Identifier: Apache-2.0
// VerbSyntax: each verb of svctl with the options that it declares, for who describes them.
#include "manuals/verb_syntax.h"

#include <utility>

namespace confinit {

std::vector<VerbSyntax> all_verb_syntaxes() {
    std::vector<VerbSyntax> all;
    for (const Verb& verb : all_verbs()) {
        Syntax syntax;
        VerbAction action = verb.declare(syntax);
        all.push_back({.verb = &verb, .syntax = std::move(syntax), .action = std::move(action)});
    }
    return all;
}

bool is_argument(const Option& option) {
    return option.names[0] != '-';
}

bool takes_value(const Option& option) {
    return !std::holds_alternative<bool*>(option.target);
}

bool takes_many(const Option& option) {
    return std::holds_alternative<std::vector<std::string>*>(option.target) &&
           !option.details.is_one_in_help;
}

std::string type_word(const Option& option) {
    if (option.details.type != nullptr) return option.details.type;
    return std::holds_alternative<std::optional<int>*>(option.target) ? "NUMBER" : "TEXT";
}

}  // namespace confinit
