// SPDX-License-Identifier: Apache-2.0
// Bit lists: sets of CPUs as the kernel writes them, "0-3,6", and as bits, 64 a word.
#include "base/bit_list.h"

#include "base/text.h"

#include <algorithm>
#include <cstddef>

namespace confinit {
namespace {

constexpr std::uint64_t most_bits = 8192;

}  // namespace

std::string bit_list_text(std::span<const std::uint64_t> words) {
    std::string text;
    const auto has = [&](std::size_t bit) {
        return bit / 64 < words.size() && (words[bit / 64] >> bit % 64 & 1) != 0;
    };
    for (std::size_t bit = 0; bit < words.size() * 64; ++bit) {
        if (!has(bit)) continue;
        const std::size_t first = bit;
        while (has(bit + 1))
            ++bit;
        if (!text.empty()) text += ',';
        text += std::to_string(first);
        if (bit > first) text += '-' + std::to_string(bit);
    }
    return text;
}

std::optional<std::vector<std::uint64_t>> parse_bit_list(std::string_view text) {
    std::vector<std::uint64_t> words;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t dash = std::min(part.find('-'), part.size());
        const auto first = parse_unsigned(part.substr(0, dash));
        const auto last = dash < part.size() ? parse_unsigned(part.substr(dash + 1)) : first;
        if (!first || !last || *last < *first || *last >= most_bits) return std::nullopt;
        if (words.size() <= *last / 64) words.resize(*last / 64 + 1);
        for (std::uint64_t bit = *first; bit <= *last; ++bit) {
            words[bit / 64] |= std::uint64_t{1} << bit % 64;
        }
    }
    return words;
}

}  // namespace confinit
