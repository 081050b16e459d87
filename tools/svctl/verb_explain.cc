// SPDX-License-Identifier: Apache-2.0
// explain [KEY...]: what the key table says of a key of the unit file, and what is in a set of
// system calls; without a word, all keys.
#include "base/text.h"
#include "svctl/explain_set.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/verbs.h"
#include "unit/keys.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace confinit {
namespace {

using Keys = std::vector<const Key*>;

// The key of this path, those of a table, or those that answer to a directive of systemd's.
Keys find_keys(std::string_view word) {
    Keys found;
    for (const Key* key : all_keys()) {
        const bool is_below =
            key->path.starts_with(word) && key->path.substr(word.size()).starts_with('.');
        const auto directives = split_words(key->systemd);
        const bool is_directive =
            word.ends_with('=') && std::ranges::find(directives, word) != directives.end();
        if (key->path == word || is_below || is_directive) found.push_back(key);
    }
    return found;
}

Refusal unknown_key(std::string_view word) {
    std::vector<std::string_view> paths;
    for (const Key* key : all_keys())
        paths.push_back(key->path);
    const auto nearest = nearest_word(word, paths);
    std::string message = fmt::format("there is no key '{}'", word);
    if (nearest) message += fmt::format("; did you mean '{}'?", *nearest);
    return {.message = std::move(message), .parameters = {{"nearest", nearest.value_or("")}}};
}

Json key_json(const Key& key) {
    return {{"path", key.path},           {"form", key.form},
            {"default", key.fallback},    {"documentation", key.documentation},
            {"operation", key.operation}, {"source", key.source},
            {"systemd", key.systemd}};
}

std::string key_text(const Key& key) {
    Table facts{4};
    const auto add = [&facts](std::string name, std::string_view value) {
        if (!value.empty()) facts.add({std::move(name), std::string{value}});
    };
    add("value", key.form);
    add("default", key.fallback);
    add("kernel", key.operation);
    add("source", key.source);
    add("systemd", key.systemd);
    return fmt::format("{}\n{}\n{}", key.path, wrapped(key.documentation, 4), facts.text());
}

std::string index_text(const Keys& keys) {
    Table table;
    for (const Key* key : keys)
        table.add({std::string{key->path}, std::string{key->form}});
    return table.text();
}

int run_explain(const Context& context, const std::vector<std::string>& words) {
    Keys keys;
    std::vector<const SyscallSet*> sets;
    for (const std::string& word : words) {
        if (word.starts_with('@')) {
            const SyscallSet* set = find_syscall_set(word);
            if (set == nullptr) return report_refusal(context, unknown_set(word));
            sets.push_back(set);
            continue;
        }
        const Keys found = find_keys(word);
        if (found.empty()) return report_refusal(context, unknown_key(word));
        keys.insert(keys.end(), found.begin(), found.end());
    }
    if (words.empty()) keys.assign(all_keys().begin(), all_keys().end());

    if (context.json) {
        Json entries = Json::array();
        for (const Key* key : keys)
            entries.push_back(key_json(*key));
        Json document{{"keys", std::move(entries)}};
        if (!sets.empty()) document["sets"] = sets_json(sets);
        return print_document(context, std::move(document));
    }
    if (words.empty()) {
        print(index_text(keys));
        return 0;
    }
    for (const Key* key : keys) {
        if (key != keys.front()) print("\n");
        print(key_text(*key));
    }
    for (const SyscallSet* set : sets) {
        if (!keys.empty() || set != sets.front()) print("\n");
        print(set_text(*set));
    }
    return 0;
}

}  // namespace

VerbAction declare_explain(CLI::App& command) {
    auto words = std::make_unique<std::vector<std::string>>();
    command.add_option("KEY", *words,
                       "a key such as cgroup.memory.max, a table such as cgroup, a directive of "
                       "systemd's such as MemoryMax=, or a set of system calls such as @base");
    return [words = std::move(words)](const Context& context) {
        return run_explain(context, *words);
    };
}

}  // namespace confinit
