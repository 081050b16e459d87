// SPDX-License-Identifier: Apache-2.0
// Capital and small letters of ASCII. The locale has no say: the words of unit files are ASCII.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace confinit {

constexpr bool is_capital(char byte) {
    return byte >= 'A' && byte <= 'Z';
}

constexpr char to_lower(char byte) {
    return is_capital(byte) ? static_cast<char>(byte - 'A' + 'a') : byte;
}

inline std::string in_lower_case(std::string_view text) {
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(), to_lower);
    return lower;
}

}  // namespace confinit
