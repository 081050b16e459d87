// SPDX-License-Identifier: Apache-2.0
// UnknownWords: the key or the table that may be meant by a name that does not exist.
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// At most one of the two is not empty.
struct Meaning {
    std::string nearest;  // a word of the same table, or a whole key of another one
    std::string advice;   // on a word of systemd's that has no key

    bool is_empty() const { return nearest.empty() && advice.empty(); }
};

// For a path that is no key and has no keys below it, such as "service.memory.max".
Meaning meaning_of(std::string_view path);

// The key that people mean by another word, such as "memory.limit", with or without its table;
// empty where the word is none of these. No likeness of letters is enough for it.
std::string key_for_synonym(std::string_view word);

// For a path that has keys below it and was given a value: the key that may be meant, such as
// "memory.max" for "cgroup.memory"; empty where there is none.
std::string key_below(std::string_view path);

}  // namespace confinit
