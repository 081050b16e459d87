// SPDX-License-Identifier: Apache-2.0
// The words that unit files and containers' profiles share: names of errors.
#include "unit/seccomp_words.h"

#include "base/result.h"

namespace confinit {
namespace {

// The kernel's errno values; the largest on any architecture is below this (asm-generic/errno.h).
constexpr int highest_error = 200;

// What errno_name() says of a number that has none.
constexpr std::string_view no_name = "E?";

}  // namespace

std::optional<int> error_number(std::string_view name) {
    if (name == no_name) return std::nullopt;
    for (int number = 1; number < highest_error; ++number) {
        if (errno_name(number) == name) return number;
    }
    return std::nullopt;
}

std::vector<std::string_view> error_names() {
    std::vector<std::string_view> names;
    for (int number = 1; number < highest_error; ++number) {
        if (error_number(errno_name(number)) == number) names.push_back(errno_name(number));
    }
    return names;
}

}  // namespace confinit
