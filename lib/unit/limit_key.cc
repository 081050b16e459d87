// SPDX-License-Identifier: Apache-2.0
// The keys that a unit can be given anew while it runs: the limits of [cgroup].
#include "unit/limit_key.h"

#include "unit/keys.h"
#include "unit/problem.h"
#include "unit/systemd_words.h"
#include "unit/unknown_words.h"

#include <algorithm>
#include <vector>

namespace confinit {
namespace {

constexpr std::string_view table = "cgroup.";

// Where the node is and what is below it is settled when the run begins.
bool is_place_key(const Key& key) {
    return std::ranges::find(cgroup_place_keys(), key.path, &Key::path) !=
           cgroup_place_keys().end();
}

bool is_limit_key(const Key& key) {
    return key.path.starts_with(table) && !is_place_key(key);
}

// The keys of all tables that end so: "nice" is one of [process].
std::vector<const Key*> keys_named(std::string_view word) {
    std::vector<const Key*> found;
    for (const Key* key : all_keys()) {
        const std::size_t dot = key->path.find('.');
        if (dot != std::string_view::npos && key->path.substr(dot + 1) == word) {
            found.push_back(key);
        }
    }
    return found;
}

std::string nearest_limit_key(std::string_view word) {
    const bool is_whole = word.starts_with(table);
    std::vector<std::string_view> words;
    for (const Key* key : all_keys()) {
        if (is_limit_key(*key)) {
            words.push_back(is_whole ? key->path : key->path.substr(table.size()));
        }
    }
    return nearest_of(word, words);
}

}  // namespace

Result<std::string> find_limit_key(std::string_view word) {
    const Key* key = find_key(word);
    if (key == nullptr) {
        const auto named = keys_named(word);
        if (named.size() == 1) key = named.front();
        if (named.size() > 1) {
            return failure(quoted(word) + " is a key of several tables: write " +
                           std::string{named.front()->path} + " or " +
                           std::string{named.back()->path});
        }
    }
    if (key == nullptr) {
        const Key* meant = find_key(key_for_synonym(word));
        if (meant != nullptr && is_limit_key(*meant)) {
            return failure("there is no key " + quoted(word) + "; did you mean '" +
                           std::string{meant->path} + "'?");
        }
        const auto answering = keys_for_directive(word);
        if (!answering.empty()) {
            return failure("there is no key " + quoted(word) + "; did you mean '" +
                           std::string{answering.front()->path} + "'?");
        }
        const std::string nearest = nearest_limit_key(word);
        return failure("there is no key " + quoted(word) +
                       (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
    }
    if (is_limit_key(*key)) return std::string{key->path};
    const bool is_place = key->path.starts_with(table);
    return failure(quoted(key->path) + " cannot be changed while a unit runs: " +
                   (is_place ? "it is settled when the run begins"
                             : "only limits, which are keys of [cgroup], can"));
}

}  // namespace confinit
