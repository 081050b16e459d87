// SPDX-License-Identifier: Apache-2.0
// The verbs and options of svctl(1), from the table of verbs.
#include "manuals/pages.h"

#include "base/text.h"
#include "manuals/scdoc.h"
#include "manuals/verb_syntax.h"

#include <fmt/format.h>
#include <string_view>

namespace confinit {
namespace {

std::string option_head(const Option& option) {
    std::string head;
    for (const std::string_view name : split(option.names, ','))
        head.append(head.empty() ? "" : ", ").append(bold(name));
    return takes_value(option) ? head + " " + underlined(type_word(option)) : head;
}

std::string option_body(const Option& option) {
    std::string body = plain(option.help) + "\n\n";
    if (!option.details.choices.empty()) body += fact("One of", join(option.details.choices, ", "));
    if (option.details.environment != nullptr)
        body += fact("Environment", option.details.environment);
    if (option.details.excludes != nullptr) body += fact("Not with", option.details.excludes);
    if (option.details.needs != nullptr) body += fact("Only with", option.details.needs);
    if (body.ends_with("++\n")) body.erase(body.size() - 3);
    return body;
}

std::string options_of(const Syntax& syntax) {
    std::string text;
    for (const Option& option : syntax.options)
        text += entry(is_argument(option) ? underlined(option.names) : option_head(option),
                      option_body(option));
    return text;
}

// "svctl logs [OPTIONS] UNIT...".
std::string verb_head(const VerbSyntax& verb) {
    std::string head = bold(fmt::format("svctl {}", verb.verb->name));
    bool has_options = false;
    for (const Option& option : verb.syntax.options)
        has_options = has_options || !is_argument(option);
    if (has_options) head += " \\[_OPTIONS_\\]";
    for (const Option& option : verb.syntax.options) {
        if (!is_argument(option)) continue;
        const std::string word = underlined(option.names) + (takes_many(option) ? "..." : "");
        head += option.details.is_required ? " " + word : " \\[" + word + "\\]";
    }
    return head;
}

// Lines that are broken already are a paragraph here, and empty lines part paragraphs. Rows of a
// list stay lines of their own.
std::string footer_text(std::string_view footer) {
    std::string text;
    for (const std::string_view line : split(trim(footer), '\n')) {
        if (line.starts_with(' ') && text.ends_with("\n"))
            text.insert(text.size() - 1, text.ends_with("++\n") ? "" : "++");
        text += plain(trim(line)) + (line.starts_with(' ') ? "++\n" : "\n");
    }
    return text.ends_with("++\n") ? text.substr(0, text.size() - 3) + "\n" : text;
}

}  // namespace

std::string svctl_options_part() {
    Context ignored;
    return options_of(common_syntax(ignored));
}

std::string verbs_part() {
    std::string text;
    std::string_view group;
    for (const VerbSyntax& verb : all_verb_syntaxes()) {
        if (verb.verb->group != group) text += fmt::format("## {}\n\n", verb.verb->group);
        group = verb.verb->group;
        std::string body = plain(verb.verb->summary) + "\n\n" + options_of(verb.syntax);
        text += entry(verb_head(verb), body + footer_text(verb.syntax.footer));
    }
    return text;
}

std::string exit_codes_part() {
    Context ignored;
    std::string text;
    for (const std::string_view line : split(common_syntax(ignored).footer, '\n')) {
        const std::string_view words = trim(line);
        const bool is_code = !words.empty() && words.front() >= '0' && words.front() <= '9';
        if (line.ends_with(':')) continue;
        const bool is_list = text.ends_with("++\n");
        if (!is_code && is_list) text.replace(text.size() - 3, 3, "\n\n");
        text += is_code ? fmt::format("*{}* {}++\n", words.front(), plain(trim(words.substr(1))))
                        : plain(words) + "\n";
    }
    return text;
}

}  // namespace confinit
