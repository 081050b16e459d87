// SPDX-License-Identifier: Apache-2.0
// UnknownWords: the key or the table that may be meant by a name that does not exist.
#include "unit/unknown_words.h"

#include "base/letter_case.h"
#include "unit/keys.h"
#include "unit/problem.h"
#include "unit/resource_limits.h"
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

// Words that people write for a key whose own word is too far away, or for which another one's is
// nearer and means the opposite.
struct Synonym {
    std::string_view word;
    std::string_view key;
};
constexpr Synonym synonyms[] = {
    {"memory.limit", "cgroup.memory.max"},
    {"memory.limit_in_bytes", "cgroup.memory.max"},
    {"memory.maximum", "cgroup.memory.max"},
    {"memory.hard_limit", "cgroup.memory.max"},
    {"memory.soft_limit", "cgroup.memory.high"},
    {"memory.swap", "cgroup.memory.swap.max"},
    {"memory.swap.limit", "cgroup.memory.swap.max"},
    {"memory.reservation", "cgroup.memory.low"},
    {"pids.limit", "cgroup.pids.max"},
    {"pids_limit", "cgroup.pids.max"},
    {"tasks.limit", "cgroup.pids.max"},
    {"tasks.max", "cgroup.pids.max"},
    {"cpu.quota", "cgroup.cpu.max"},
    {"cpu.limit", "cgroup.cpu.max"},
    {"cpu_quota", "cgroup.cpu.max"},
    {"cpu.shares", "cgroup.cpu.weight"},
    {"io.limit", "cgroup.io.max"},
    {"devices", "mounts.private_dev"},
    {"network", "namespaces.net"},
    {"mnt", "namespaces.mount"},
};

std::string key_of_synonym(std::string_view word) {
    const auto* found = std::ranges::find(synonyms, word, &Synonym::word);
    return found == std::end(synonyms) ? std::string{} : std::string{found->key};
}

// The limit of setrlimit(2) that is meant by "LimitNOFILE", "RLIMIT_NOFILE" or "nofile"; without
// the beginning only where the name is no everyday word, as "cpu" and "data" are.
std::string_view resource_limit_of(std::string_view word) {
    const auto names = resource_limit_names();
    constexpr std::size_t longest_everyday_word = 4;
    const std::string plain = in_lower_case(without_separators(word));
    std::string_view rest = plain;
    for (const std::string_view beginning : {"rlimit", "limit"}) {
        if (rest.starts_with(beginning)) rest.remove_prefix(beginning.size());
    }
    const bool is_everyday = rest.size() == plain.size() && rest.size() <= longest_everyday_word;
    const auto found = std::ranges::find(names, rest);
    return found == names.end() || is_everyday ? std::string_view{} : *found;
}

// A limit is a member of process.rlimits.
std::string advice_for_rlimit(std::string_view word) {
    const std::string_view limit = resource_limit_of(word);
    if (limit.empty()) return {};
    return "limits of a process are members of a table: process.rlimits = { " + std::string{limit} +
           " = ... }";
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
    meaning.nearest = key_of_synonym(word);
    if (!meaning.nearest.empty()) return meaning;
    meaning.advice = advice_for_rlimit(word);
    if (!meaning.advice.empty()) return meaning;
    meaning.nearest = key_elsewhere(word);
    if (meaning.nearest.empty()) meaning.nearest = nearest_in_table(table_of(path), word);
    if (meaning.nearest.empty()) meaning.nearest = nearest_elsewhere(word);
    return meaning;
}

std::string key_for_synonym(std::string_view word) {
    for (const std::string_view name : {word, word_of(word)}) {
        std::string key = key_of_synonym(name);
        if (key.empty() && !resource_limit_of(name).empty()) key = "process.rlimits";
        if (!key.empty()) return key;
    }
    return {};
}

std::string key_below(std::string_view path) {
    const std::string limit = std::string{path} + ".max";
    return find_key(limit) == nullptr ? std::string{} : std::string{word_of(limit)};
}

}  // namespace confinit
