// SPDX-License-Identifier: Apache-2.0
// Words and numbers in text: splitting, integers, sizes, durations, and the nearest valid word.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

constexpr bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

std::string_view trim(std::string_view text);

// The parts between separators; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// The parts between runs of white space; there are no empty ones.
std::vector<std::string_view> split_words(std::string_view text);

std::string join(std::span<const std::string> parts, std::string_view separator);

// A whole decimal number and nothing else.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
std::optional<std::int64_t> parse_signed(std::string_view text);

// Bytes, from "64M": a number and at most one of K M G T P E, binary as the kernel's memparse
// reads them. A fraction, another letter or an overflow is absent.
std::optional<std::uint64_t> parse_size(std::string_view text);

// The twelve bits of a file mode as four octal digits: "0755".
std::string octal_text(unsigned mode);

// "67108864" as "64M", with a suffix only where the division leaves nothing.
std::string format_size(std::uint64_t bytes);

// "1min 30s", "250ms", "2h": parts with the units us ms s min h d, in systemd.time(7)'s words.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::microseconds duration);

// The nearest of these words by edit distance, or the first that has the word as its first or last
// part; absent when none can be meant.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> words);

// Control characters and bytes that are no UTF-8 as \xNN, so that text from a service or a file
// cannot drive a terminal.
std::string escape_control_characters(std::string_view text);

}  // namespace confinit
