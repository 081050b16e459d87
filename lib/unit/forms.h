// SPDX-License-Identifier: Apache-2.0
// Forms: how the values that several keys share are written: paths, sizes, durations, choices.
#pragma once

#include "base/name_table.h"
#include "unit/value.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// For `Key::form` and the elements of arrays.
inline constexpr std::string_view boolean_form = "true or false";
inline constexpr std::string_view path_form = "an absolute path such as \"/var/lib/web\"";
inline constexpr std::string_view size_form = "a size such as \"64M\" or a number of bytes";
inline constexpr std::string_view duration_form = "a duration such as \"1min 30s\" or \"250ms\"";

// Why this is not an absolute, normalised path; empty when it is one. Such a path has no empty, "."
// or ".." part and no control characters, so that two equal places are written alike.
std::string path_fault(std::string_view path);

// The same for a path that must not lead through a process's descriptors either, as
// "/proc/self/fd/7" and "/dev/fd/7" do: these name other things for the supervisor, the child and
// the service.
std::string plain_path_fault(std::string_view path);

std::optional<std::string> read_path(const Value& value);
std::optional<std::string> read_plain_path(const Value& value);

// Bytes: "64M" or an integer.
std::optional<std::uint64_t> read_size(const Value& value);

// At most ten years, so that adding it to a clock cannot overflow.
std::optional<std::chrono::microseconds> read_duration(const Value& value);

// The same and not zero, for timeouts.
std::optional<std::chrono::microseconds> read_timeout(const Value& value);

// The name of a unit other than the one that is read, and of no template.
std::optional<std::string> read_unit_name(const Value& value);

// Permission bits: a text of octal digits, because a TOML integer would be read as decimal.
std::optional<unsigned> read_mode(const Value& value, unsigned highest);

// 1 to 100 of "10%"; absent, without a report, when it is no whole percentage of a whole.
std::optional<unsigned> percentage(std::string_view text);

// Reports a value that is none of these words: with the nearest one, or with the advice on a word
// of systemd's, such as type = "forking".
void refuse_choice(const Value& value, std::span<const std::string_view> words);

// One of the words of an enumeration.
template <class Enumeration, std::size_t count>
std::optional<Enumeration> read_choice(const Value& value,
                                       const NameTable<Enumeration, count>& names) {
    const std::string* text = value.if_text();
    const auto choice = text != nullptr ? names.value(*text) : std::nullopt;
    if (choice) return choice;
    refuse_choice(value, names.names());
    return std::nullopt;
}

}  // namespace confinit
