// SPDX-License-Identifier: Apache-2.0
// Names against patterns with * and ?, in a time that no pattern can make long.
#include "bus/unit_patterns.h"

#include <cstddef>

namespace confinit {

// The last star alone is tried again with one byte more: an earlier one can never do better.
bool fits_pattern(std::string_view pattern, std::string_view text) {
    std::size_t at = 0;
    std::size_t place = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_place = 0;
    while (place < text.size()) {
        const bool is_star = at < pattern.size() && pattern[at] == '*';
        if (is_star) {
            star = at++;
            star_place = place;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[place])) {
            ++at;
            ++place;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            place = ++star_place;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*')
        ++at;
    return at == pattern.size();
}

}  // namespace confinit
