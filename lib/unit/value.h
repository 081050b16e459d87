// SPDX-License-Identifier: Apache-2.0
// Value: what a key's reader is given: one value of a file, which reports its own problems.
#pragma once

#include "unit/document.h"
#include "unit/problem.h"
#include "unit/seccomp_profile_file.h"
#include "unit/vocabulary.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The words of a text as TOML's array of them, `["a", "b"]`, for a message; empty where that needs
// more than blanks to be taken apart.
std::string words_as_array(std::string_view text);

// What all values of one unit have in common while it is read.
struct Reading {
    const Vocabulary& vocabulary;
    std::string_view unit_name;
    ProblemList& problems;
    // Whether a further file that a value names must belong to root, as the unit file must.
    bool checks_owners = false;
    ProfileTexts* profiles = nullptr;  // those that were read for it
};

// A view of a Node of a Document, valid as long as these. The functions that return an optional
// have reported the problem when it is absent.
class Value {
public:
    // `form` completes "expected ...".
    Value(const Node& node, std::string_view file, std::string key, std::string_view form,
          Reading& reading)
        : node_(&node), file_(file), key_(std::move(key)), form_(form), reading_(&reading) {}

    const std::string& key() const { return key_; }
    const std::string& name() const { return node_->name; }
    const Vocabulary& vocabulary() const { return reading_->vocabulary; }
    std::string_view unit_name() const { return reading_->unit_name; }
    std::string_view file() const { return file_; }
    bool checks_owners() const { return reading_->checks_owners; }
    ProfileTexts* profiles() const { return reading_->profiles; }

    // The value if it is of this type, else null or absent; nothing is reported.
    const std::string* if_text() const;
    std::optional<std::int64_t> if_integer() const;
    std::optional<bool> if_boolean() const;
    bool is_table() const { return node_->kind == Node::Kind::table; }
    bool is_array() const { return node_->kind == Node::Kind::array; }
    // No array or table, or one with nothing in it.
    bool is_empty() const { return node_->children.empty(); }

    // A text without NUL bytes, which would cut it short on its way into the kernel.
    std::optional<std::string> text() const;
    // The same, and not empty.
    std::optional<std::string> word() const;
    std::optional<bool> boolean() const;
    std::optional<std::int64_t> integer(std::int64_t lowest, std::int64_t highest) const;

    // The elements of an array, with keys such as "mounts.bind[2]" and this form.
    std::optional<std::vector<Value>> elements(std::string_view form) const;
    // The members of a table, with keys such as "process.rlimits.nofile" and this form.
    std::optional<std::vector<Value>> members(std::string_view form) const;
    // The member of a table with this name, which may be absent without a problem.
    std::optional<Value> member(std::string_view name, std::string_view form) const;
    // Reports every member whose name is not among these.
    void allow_members(std::span<const std::string_view> names) const;

    // Reports a missing member, unless another member is reported as a slip of it.
    void miss(std::string_view name) const;

    // "expected FORM; got 'x'".
    void mismatch(std::string nearest = {}) const;
    void refuse(std::string message, std::string nearest = {}) const;
    // The nearest of these words, for one of the two above.
    std::string nearest(std::string_view word, std::span<const std::string_view> words) const;

private:
    std::string shown() const;
    std::string nearest_member(std::string_view name,
                               std::span<const std::string_view> names) const;

    const Node* node_;
    std::string_view file_;
    std::string key_;
    std::string_view form_;
    Reading* reading_;
};

// Reads every element of an array by this function, one after the other.
template <class Read>
auto list_of(const Value& value, std::string_view form, Read read) {
    std::vector<typename decltype(read(value))::value_type> list;
    const auto elements = value.elements(form);
    if (!elements) return list;
    for (const Value& element : *elements) {
        if (auto item = read(element)) list.push_back(std::move(*item));
    }
    return list;
}

// Leaves the default where there was a problem.
template <class Target, class Source>
void assign(Target& target, std::optional<Source> value) {
    if (value) target = std::move(*value);
}

}  // namespace confinit
