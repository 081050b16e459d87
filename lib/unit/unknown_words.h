// SPDX-License-Identifier: Apache-2.0
// What a key or a table that does not exist may have been meant for.
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

// Of a path that is no key and that no keys are below, such as "service.memory.max".
Meaning meaning_of(std::string_view path);

// For a path that keys are below and that was given a value: the key that may be meant, such as
// "memory.max" of "cgroup.memory"; empty where none is.
std::string key_below(std::string_view path);

}  // namespace confinit
