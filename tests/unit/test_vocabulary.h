// SPDX-License-Identifier: Apache-2.0
// A small, fixed vocabulary, so that tests of the unit reader need no kernel tables.
#pragma once

#include "unit/vocabulary.h"

#include <algorithm>
#include <string>

namespace confinit {

inline constexpr std::string_view test_capabilities[] = {"chown", "net_bind_service", "net_raw",
                                                         "sys_admin"};
inline constexpr std::string_view test_syscalls[] = {"@base",  "@mount", "chmod",
                                                     "openat", "read",   "write"};

// The index in the list above, with or without "CAP_", in any case.
inline std::optional<int> test_capability_number(std::string_view name) {
    std::string plain{name};
    std::ranges::transform(plain, plain.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
    });
    if (plain.starts_with("cap_")) plain.erase(0, 4);
    const auto* found = std::ranges::find(test_capabilities, plain);
    if (found == std::end(test_capabilities)) return std::nullopt;
    return static_cast<int>(found - std::begin(test_capabilities));
}

inline bool is_test_syscall(std::string_view word) {
    return std::ranges::find(test_syscalls, word) != std::end(test_syscalls);
}

inline Vocabulary test_vocabulary() {
    return {
        .capability_number = test_capability_number,
        .is_syscall_word = is_test_syscall,
        .capability_names = {std::begin(test_capabilities), std::end(test_capabilities)},
        .syscall_words = {std::begin(test_syscalls), std::end(test_syscalls)},
        .securebits = {{"noroot", 1U}, {"noroot-locked", 2U}},
    };
}

}  // namespace confinit
