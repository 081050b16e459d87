// SPDX-License-Identifier: Apache-2.0
// explain [WORD...]: what the key table says of a key of the unit file, what there is in place of a
// word of systemd's, what is in a set of system calls, and in which sets a call is; without a word,
// all keys.
#include "base/letter_case.h"
#include "base/text.h"
#include "svctl/explain_set.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/verbs.h"
#include "unit/keys.h"
#include "unit/systemd_words.h"
#include "unit/unknown_words.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

namespace confinit {
namespace {

using Keys = std::vector<const Key*>;

// A word of systemd's that no key answers to.
struct Foreign {
    std::string word;
    std::string_view advice;
};

// The rows that were asked for.
struct Findings {
    Keys keys;
    std::vector<Foreign> foreign;
    std::vector<const SyscallSet*> sets;
    std::vector<SyscallFacts> calls;
};

// The key of this path, with or without its table, or those of a table.
Keys find_keys(std::string_view word) {
    Keys found;
    for (const Key* key : all_keys()) {
        const bool is_below =
            key->path.starts_with(word) && key->path.substr(word.size()).starts_with('.');
        const std::string_view in_table = key->path.substr(key->path.find('.') + 1);
        if (key->path == word || is_below || in_table == word) found.push_back(key);
    }
    return found;
}

// Those whose value can be this word: "one of exec, notify, oneshot".
Keys keys_with_value(std::string_view word) {
    Keys found;
    for (const Key* key : all_keys()) {
        if (!key->form.starts_with("one of ")) continue;
        for (std::string_view value : split_words(key->form)) {
            if (value.ends_with(',')) value.remove_suffix(1);
            if (value == word) found.push_back(key);
        }
    }
    return found;
}

// A section or a directive of systemd's that has no key, or a value of one: "forking".
std::optional<Foreign> find_foreign(const std::string& word) {
    for (const std::string& spelling : {"[" + word + "]", word}) {
        const auto advice = advice_for_directive(spelling);
        if (!advice.empty()) return Foreign{word, advice};
    }
    if (!keys_for_directive(word).empty()) return std::nullopt;
    const std::string ending = "=" + in_lower_case(word);
    for (const std::string_view directive : advised_directives()) {
        if (!in_lower_case(directive).ends_with(ending)) continue;
        return Foreign{std::string{directive}, advice_for_directive(directive)};
    }
    return std::nullopt;
}

Refusal unknown_key(std::string_view word) {
    std::vector<std::string_view> paths;
    for (const Key* key : all_keys())
        paths.insert(paths.end(), {key->path, key->path.substr(key->path.find('.') + 1)});
    for (const Key* key : all_keys()) {
        for (std::string_view directive : split_words(key->systemd))
            paths.push_back(directive.substr(0, directive.find('=')));
    }
    const auto calls = syscall_words();
    paths.insert(paths.end(), calls.begin(), calls.end());
    std::string nearest = key_for_synonym(word);
    if (nearest.empty()) nearest = nearest_word(word, paths).value_or("");
    std::string message = fmt::format("there is no key, directive or system call '{}'", word);
    if (!nearest.empty()) message += fmt::format("; did you mean '{}'?", nearest);
    return {.message = std::move(message), .parameters = {{"nearest", std::move(nearest)}}};
}

Json key_json(const Key& key) {
    return {{"path", key.path},
            {"form", key.form},
            {"default", key.fallback},
            {"documentation", key.documentation},
            {"operation", key.operation},
            {"source", key.source},
            {"systemd", key.systemd},
            {"drop_ins", key.drop_ins == DropIns::add ? "add" : "replace"}};
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
    add("drop-ins", key.drop_ins == DropIns::add
                        ? "add to the list; an empty one takes away what came before it"
                        : "replace the value");
    add("systemd", key.systemd);
    return fmt::format("{}\n{}\n{}", key.path, wrapped(key.documentation, 4), facts.text());
}

std::string index_text(const Keys& keys) {
    Table table;
    for (const Key* key : keys)
        table.add({std::string{key->path}, std::string{key->form}});
    return table.text();
}

std::string foreign_text(const Foreign& foreign) {
    return fmt::format("{}\n{}", foreign.word,
                       wrapped(fmt::format("There is no such key: {}.", foreign.advice), 4));
}

Json document_of(const Findings& findings) {
    Json keys = Json::array();
    for (const Key* key : findings.keys)
        keys.push_back(key_json(*key));
    Json document{{"keys", std::move(keys)}};
    if (!findings.sets.empty()) document["sets"] = sets_json(findings.sets);
    if (!findings.calls.empty()) document["calls"] = calls_json(findings.calls);
    for (const Foreign& foreign : findings.foreign)
        document["foreign"].push_back({{"word", foreign.word}, {"advice", foreign.advice}});
    return document;
}

// The answer to a word: the first of these that knows it.
Answer<void> find(const std::string& word, Findings& findings) {
    if (word.starts_with('@')) {
        const SyscallSet* set = find_syscall_set(word);
        if (set == nullptr) return std::unexpected(unknown_set(word));
        findings.sets.push_back(set);
        return {};
    }
    Keys keys = find_keys(word);
    // "Service" and "SERVICE" are the table too.
    const std::string table = in_lower_case(word);
    if (keys.empty() && has_keys_below(table)) keys = find_keys(table);
    if (keys.empty()) {
        if (auto foreign = find_foreign(word)) {
            findings.foreign.push_back(std::move(*foreign));
            return {};
        }
        keys = keys_for_directive(word);
    }
    if (keys.empty()) keys = keys_with_value(word);
    if (keys.empty()) {
        auto call = find_syscall(word);
        if (!call) return std::unexpected(unknown_key(word));
        findings.calls.push_back(std::move(*call));
    }
    findings.keys.insert(findings.keys.end(), keys.begin(), keys.end());
    return {};
}

int run_explain(const Context& context, const std::vector<std::string>& words) {
    Findings findings;
    for (const std::string& word : words) {
        const auto found = find(word, findings);
        if (!found) return report_refusal(context, found.error());
    }
    if (words.empty()) findings.keys.assign(all_keys().begin(), all_keys().end());
    if (context.json) return print_document(context, document_of(findings));
    if (words.empty()) {
        print(index_text(findings.keys));
        return 0;
    }
    std::vector<std::string> texts;
    for (const Key* key : findings.keys)
        texts.push_back(key_text(*key));
    for (const Foreign& foreign : findings.foreign)
        texts.push_back(foreign_text(foreign));
    for (const SyscallSet* set : findings.sets)
        texts.push_back(set_text(*set));
    for (const SyscallFacts& call : findings.calls)
        texts.push_back(call_text(call));
    print(join(texts, "\n"));
    return 0;
}

}  // namespace

VerbAction declare_explain(Syntax& syntax) {
    auto words = std::make_unique<std::vector<std::string>>();
    syntax.add("KEY", words.get(),
               "a key such as cgroup.memory.max, a table such as cgroup, a directive of "
               "systemd's such as MemoryMax, a set of system calls such as @base, or a system "
               "call by name or number");
    return [words = std::move(words)](const Context& context) {
        return run_explain(context, *words);
    };
}

}  // namespace confinit
