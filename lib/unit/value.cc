// SPDX-License-Identifier: Apache-2.0
// Value: what a key's reader is given: one value of a file, which reports its own problems.
#include "unit/value.h"

#include "base/letter_case.h"
#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

// Whether the form has a word such as true, or a number, where a text is given that says the same.
bool has_quotes_too_many(std::string_view text, std::string_view form) {
    if (text == "true" || text == "false") return form.contains(text);
    return parse_unsigned(text) && form.starts_with("a whole number");
}

// The form's own word for what limits nothing; empty where the text says nothing like that.
std::string_view no_limit_in(std::string_view form, std::string_view text) {
    constexpr std::string_view words[] = {"max", "infinity", "unlimited", "none"};
    if (std::ranges::find(words, text) == std::end(words)) return {};
    if (form.contains("\"max\"")) return "max";
    return form.contains("\"infinity\"") ? "infinity" : "";
}

}  // namespace

std::string words_as_array(std::string_view text) {
    constexpr std::size_t longest = 80;
    const bool is_plain = text.find_first_of("'\"\\\n") == std::string_view::npos;
    std::string array;
    for (const std::string_view word : split_words(text))
        array.append(array.empty() ? "[\"" : ", \"").append(word).push_back('"');
    return !is_plain || array.empty() || array.size() > longest ? std::string{} : array + "]";
}

const std::string* Value::if_text() const {
    return node_->kind == Node::Kind::text ? &node_->text : nullptr;
}

std::optional<std::int64_t> Value::if_integer() const {
    if (node_->kind != Node::Kind::integer) return std::nullopt;
    return node_->integer;
}

std::optional<bool> Value::if_boolean() const {
    if (node_->kind != Node::Kind::boolean) return std::nullopt;
    return node_->boolean;
}

std::optional<std::string> Value::text() const {
    const std::string* text = if_text();
    if (text == nullptr) {
        mismatch();
        return std::nullopt;
    }
    if (text->find('\0') != std::string::npos) {
        refuse("a NUL byte cannot be part of it");
        return std::nullopt;
    }
    return *text;
}

std::optional<std::string> Value::word() const {
    auto word = text();
    if (word && word->empty()) {
        mismatch();
        return std::nullopt;
    }
    return word;
}

std::optional<bool> Value::boolean() const {
    const auto boolean = if_boolean();
    if (!boolean) mismatch();
    return boolean;
}

std::optional<std::int64_t> Value::integer(std::int64_t lowest, std::int64_t highest) const {
    const auto integer = if_integer();
    if (integer && *integer >= lowest && *integer <= highest) return integer;
    mismatch();
    return std::nullopt;
}

std::optional<std::vector<Value>> Value::elements(std::string_view form) const {
    if (!is_array()) {
        // The text is likely to be one element, or several as a shell would have them.
        const std::string* text = if_text();
        mismatch(text != nullptr ? words_as_array(*text) : std::string{});
        return std::nullopt;
    }
    std::vector<Value> elements;
    elements.reserve(node_->children.size());
    for (const Node& child : node_->children) {
        std::string key = key_ + "[" + std::to_string(elements.size()) + "]";
        elements.emplace_back(child, file_, std::move(key), form, *reading_);
    }
    return elements;
}

std::optional<std::vector<Value>> Value::members(std::string_view form) const {
    if (!is_table()) {
        mismatch();
        return std::nullopt;
    }
    std::vector<Value> members;
    members.reserve(node_->children.size());
    for (const Node& child : node_->children) {
        members.emplace_back(child, file_, key_ + "." + child.name, form, *reading_);
    }
    return members;
}

std::optional<Value> Value::member(std::string_view name, std::string_view form) const {
    const auto child = std::ranges::find(node_->children, name, &Node::name);
    if (!is_table() || child == node_->children.end()) return std::nullopt;
    return Value{*child, file_, key_ + "." + child->name, form, *reading_};
}

void Value::allow_members(std::span<const std::string_view> names) const {
    for (const Node& child : node_->children) {
        if (std::ranges::find(names, child.name) != names.end()) continue;
        reading_->problems.add({
            .location = {std::string{file_}, child.name_position.line, child.name_position.column},
            .key = key_ + "." + child.name,
            .message = "unknown key",
            .nearest = nearest_member(child.name, names),
        });
    }
}

// A part of the name may be the word: "nofile" for "LimitNOFILE" and "RLIMIT_NOFILE".
std::string Value::nearest_member(std::string_view name,
                                  std::span<const std::string_view> names) const {
    std::string found = nearest(name, names);
    for (std::size_t begin = 1; found.empty() && begin < name.size(); ++begin) {
        const bool is_word =
            name[begin - 1] == '_' || (is_capital(name[begin]) && !is_capital(name[begin - 1]));
        if (is_word) found = nearest(name.substr(begin), names);
    }
    return found;
}

void Value::miss(std::string_view name) const {
    const std::string key = key_ + "." + std::string{name};
    if (!reading_->problems.suggests(key)) refuse(quoted(name) + " is missing");
}

void Value::mismatch(std::string nearest) const {
    std::string message = "expected " + std::string{form_} + "; got " + shown();
    const std::string* text = if_text();
    if (text != nullptr && has_quotes_too_many(*text, form_)) {
        message += ": write it without quotes";
        nearest.clear();
    }
    if (text != nullptr && nearest.empty()) nearest = no_limit_in(form_, *text);
    refuse(std::move(message), std::move(nearest));
}

void Value::refuse(std::string message, std::string nearest) const {
    reading_->problems.add({
        .location = {std::string{file_}, node_->position.line, node_->position.column},
        .key = key_,
        .message = std::move(message),
        .nearest = std::move(nearest),
    });
}

std::string Value::nearest(std::string_view word, std::span<const std::string_view> words) const {
    return reading_->problems.is_full() ? std::string{} : nearest_of(word, words);
}

std::string Value::shown() const {
    switch (node_->kind) {
    case Node::Kind::text:
        return quoted(node_->text);
    case Node::Kind::array:
        return "an array";
    case Node::Kind::table:
        return "a table";
    case Node::Kind::boolean:
    case Node::Kind::integer:
    case Node::Kind::real:
    case Node::Kind::date:
        return toml_text(*node_);
    }
    return {};
}

}  // namespace confinit
