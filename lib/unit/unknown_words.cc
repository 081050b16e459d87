// SPDX-License-Identifier: Apache-2.0
// UnknownWords: the key or the table that may be meant by a name that does not exist.
#include "unit/unknown_words.h"

#include "unit/keys.h"
#include "unit/problem.h"
#include "unit/systemd_words.h"

#include <algorithm>
#include <vector>

namespace confinit {
namespace {

std::string_view table_of(std::string_view path) {
    return path.substr(0, path.find('.'));
}

// "memory.max" of "cgroup.memory.max".
std::string_view word_of(std::string_view path) {
    return path.substr(path.find('.') + 1);
}

// "ExecStart" is also written "exec_start".
std::string without_separators(std::string_view word) {
    std::string plain{word};
    std::erase_if(plain, [](char byte) { return byte == '_' || byte == '-'; });
    return plain;
}

// The key with this word in another table, or the one that answers to a directive of this name.
std::string key_elsewhere(std::string_view word) {
    for (const Key* key : all_keys()) {
        if (word_of(key->path) == word) return std::string{key->path};
    }
    for (const std::string& directive : {std::string{word}, without_separators(word)}) {
        const auto answering = keys_for_directive(directive);
        if (!answering.empty()) return std::string{answering.front()->path};
    }
    return {};
}

std::string nearest_in_table(std::string_view table, std::string_view word) {
    std::vector<std::string_view> words;
    for (const Key* key : all_keys()) {
        if (table_of(key->path) == table) words.push_back(word_of(key->path));
    }
    return nearest_of(word, words);
}

std::string nearest_elsewhere(std::string_view word) {
    std::vector<std::string_view> words;
    for (const Key* key : all_keys())
        words.push_back(word_of(key->path));
    const std::string nearest = nearest_of(word, words);
    return nearest.empty() ? nearest : key_elsewhere(nearest);
}

std::string advice_for(std::string_view path, bool is_table) {
    if (is_table) return std::string{advice_for_directive("[" + std::string{path} + "]")};
    const std::string_view word = word_of(path);
    const std::string_view advice = advice_for_directive(word);
    return std::string{advice.empty() ? advice_for_directive(without_separators(word)) : advice};
}

std::string nearest_to_table(std::string_view path) {
    std::vector<std::string_view> tables;
    for (const Key* key : all_keys())
        tables.push_back(table_of(key->path));
    std::string nearest = nearest_of(path, tables);
    return nearest.empty() ? key_elsewhere(path) : nearest;
}

}  // namespace

Meaning meaning_of(std::string_view path) {
    const bool is_table = !path.contains('.');
    Meaning meaning{.nearest = {}, .advice = advice_for(path, is_table)};
    if (!meaning.advice.empty()) return meaning;
    if (is_table) {
        meaning.nearest = nearest_to_table(path);
        return meaning;
    }
    // Where there is no such table, the whole path is the word.
    const std::string_view word = has_keys_below(table_of(path)) ? word_of(path) : path;
    meaning.nearest = key_elsewhere(word);
    if (meaning.nearest.empty()) meaning.nearest = nearest_in_table(table_of(path), word);
    if (meaning.nearest.empty()) meaning.nearest = nearest_elsewhere(word);
    return meaning;
}

std::string key_below(std::string_view path) {
    const std::string limit = std::string{path} + ".max";
    return find_key(limit) == nullptr ? std::string{} : std::string{word_of(limit)};
}

}  // namespace confinit
