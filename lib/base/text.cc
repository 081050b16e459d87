// SPDX-License-Identifier: Apache-2.0
// Words and numbers in text: splitting, integers, sizes, durations, and the nearest valid word.
#include "base/text.h"

#include "base/letter_case.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>

namespace confinit {
namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view size_letters = "KMGTPE";

struct DurationUnit {
    std::string_view name;
    std::int64_t microseconds;
};

constexpr std::array duration_units{
    DurationUnit{"d", 86'400'000'000}, DurationUnit{"h", 3'600'000'000},
    DurationUnit{"min", 60'000'000},   DurationUnit{"s", 1'000'000},
    DurationUnit{"ms", 1'000},         DurationUnit{"us", 1},
};

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer value{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

// Capital letters count as small ones.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before(to.size() + 1);
    std::vector<std::size_t> above(to.size() + 1);
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        before = std::exchange(above, row);
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const auto is_equal = [](char one, char other) {
                return to_lower(one) == to_lower(other);
            };
            const std::size_t substituted = above[j] + (is_equal(from[i], to[j]) ? 0 : 1);
            row[j + 1] = std::min({substituted, row[j] + 1, above[j + 1] + 1});
            // Two letters that have changed places are one slip.
            const bool is_swapped =
                i > 0 && j > 0 && is_equal(from[i], to[j - 1]) && is_equal(from[i - 1], to[j]);
            if (is_swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
        }
    }
    return row.back();
}

// Whether a word is the first or the last part of one that has several: "strict" of
// "system-strict".
bool is_part_of(std::string_view word, std::string_view whole) {
    if (whole.starts_with(word)) return true;
    constexpr std::string_view separators = "-_.";
    return whole.size() > word.size() && whole.ends_with(word) &&
           separators.contains(whole[whole.size() - word.size() - 1]);
}

// The length of the well-formed UTF-8 sequence at the start of the text, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80                     ? 1
                               : (lead >= 0xc2 && lead < 0xe0) ? 2
                               : (lead >= 0xe0 && lead < 0xf0) ? 3
                               : (lead >= 0xf0 && lead < 0xf5) ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
    }
    // U+0080 to U+009F are control characters that some terminals obey.
    if (lead == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return 0;
    return length;
}

}  // namespace

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t first = text.find_first_not_of(white_space);
        if (first == std::string_view::npos) return words;
        text.remove_prefix(first);
        const std::size_t end = std::min(text.find_first_of(white_space), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    return parse_integer<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_signed(std::string_view text) {
    return parse_integer<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    if (text.empty()) return std::nullopt;
    unsigned shift = 0;
    if (const std::size_t letter = size_letters.find(text.back());
        letter != std::string_view::npos) {
        shift = 10 * (static_cast<unsigned>(letter) + 1);
        text.remove_suffix(1);
    }
    const auto number = parse_unsigned(text);
    if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
        return std::nullopt;
    }
    return *number << shift;
}

std::string octal_text(unsigned mode) {
    std::string digits;
    for (int shift = 9; shift >= 0; shift -= 3)
        digits += static_cast<char>('0' + (mode >> shift & 7U));
    return digits;
}

std::string format_size(std::uint64_t bytes) {
    std::size_t letter = 0;
    while (letter < size_letters.size() && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        ++letter;
    }
    std::string text = std::to_string(bytes);
    if (letter > 0) text += size_letters[letter - 1];
    return text;
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    const auto words = split_words(text);
    if (words.empty()) return std::nullopt;
    std::int64_t total = 0;
    for (const std::string_view word : words) {
        const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
        const auto number = parse_signed(word.substr(0, digits));
        const auto* unit =
            std::ranges::find(duration_units, word.substr(digits), &DurationUnit::name);
        if (!number || unit == duration_units.end()) return std::nullopt;
        std::int64_t part = 0;
        if (__builtin_mul_overflow(*number, unit->microseconds, &part) ||
            __builtin_add_overflow(total, part, &total)) {
            return std::nullopt;
        }
    }
    return std::chrono::microseconds{total};
}

std::string format_duration(std::chrono::microseconds duration) {
    std::int64_t rest = duration.count();
    std::string text;
    for (const DurationUnit& unit : duration_units) {
        if (rest < unit.microseconds) continue;
        if (!text.empty()) text += ' ';
        text += std::to_string(rest / unit.microseconds);
        text += unit.name;
        rest %= unit.microseconds;
    }
    return text.empty() ? "0s" : text;
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> words) {
    // A word of two letters cannot be recognised when one of them is wrong. A word with more than
    // every third letter wrong is another word, so that a suggestion would mislead.
    constexpr std::size_t fewest_letters = 3;
    const std::size_t letters = word.size() - std::min(word.find_first_not_of("-@"), word.size());
    if (letters < fewest_letters) return std::nullopt;
    std::size_t best = (letters + 1) / 3 + 1;
    std::optional<std::string_view> nearest;
    for (const std::string_view candidate : words) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best) {
            best = distance;
            nearest = candidate;
        }
    }
    if (nearest) return nearest;
    const auto part = std::ranges::find_if(
        words, [&](std::string_view whole) { return is_part_of(word, whole); });
    return part == words.end() ? std::nullopt : std::optional{*part};
}

std::string escape_control_characters(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string safe;
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        const std::size_t length = utf8_length(text);
        const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
        if (length == 0 || is_control) {
            safe += "\\x";
            safe += digits[byte >> 4];
            safe += digits[byte & 0xf];
            text.remove_prefix(1);
            continue;
        }
        safe += text.substr(0, length);
        text.remove_prefix(length);
    }
    return safe;
}

}  // namespace confinit
