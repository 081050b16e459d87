// SPDX-License-Identifier: Apache-2.0
// The text of a drop-in that a program writes: lines of keys, put in and taken out one by one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The drop-ins that `svctl set` writes: one that lasts, and one until the next boot.
inline constexpr std::string_view set_drop_in = "50-set.toml";
inline constexpr std::string_view set_runtime_drop_in = "60-set-runtime.toml";

// Whether a path is that of one of these two.
bool is_set_drop_in(std::string_view path);

// How a value of a command line may be meant in TOML, the likeliest reading first: what is quoted,
// a list or a table is TOML already, a number may be the text that is wanted ("5" of cpuset.cpus),
// and anything else is a text.
std::vector<std::string> value_readings(std::string_view value);

// The text with the line of this key put in or replaced; `value` is TOML. All other lines stay as
// they are, those that a person has added too: ours come before their first table.
std::string with_key(std::string_view text, std::string_view key, std::string_view value);

// The text without the lines of these keys.
std::string without_keys(std::string_view text, std::span<const std::string> keys);

// The keys that have a line in it, as with_key() writes them.
std::vector<std::string> keys_in(std::string_view text);

}  // namespace confinit
