// SPDX-License-Identifier: Apache-2.0
// Vocabulary: the kernel's words that a unit may use, lent by whoever knows the kernel.
//
// This folder makes no system calls and knows no system call by number; the reader only has to tell
// a valid word from a misspelled one. `kernel_vocabulary()` of launch/vocabulary.h is the real one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace confinit {

struct Unit;

struct Vocabulary {
    // "net_raw", "CAP_NET_RAW" -> 13; absent when there is no such capability.
    std::optional<int> (*capability_number)(std::string_view name);
    // Whether "chmod" is a system call of some architecture, or "@mount" a set of them.
    bool (*is_syscall_word)(std::string_view word);

    // Why no program could be started under the unit's filter, with the key at fault before a
    // colon; null where nobody knows filters.
    std::optional<std::string> (*filter_fault)(const Unit& unit) = nullptr;

    // All words of each kind, for suggestions.
    std::vector<std::string_view> capability_names;  // in lower case, without "cap_"
    std::vector<std::string_view> syscall_words;

    // "noroot-locked" with its SECBIT_ mask.
    std::vector<std::pair<std::string_view, unsigned>> securebits;
};

}  // namespace confinit
