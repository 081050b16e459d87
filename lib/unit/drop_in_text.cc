// SPDX-License-Identifier: Apache-2.0
// The text of a drop-in that a program writes: lines of keys, put in and taken out one by one.
#include "unit/drop_in_text.h"

#include "base/text.h"
#include "unit/keys.h"

#include <algorithm>
#include <iterator>

namespace confinit {
namespace {

// A text in quotes of TOML: a quote or a backslash in it stays a letter.
std::string basic_string(std::string_view value) {
    std::string text{"\""};
    for (const char byte : value) {
        if (byte == '"' || byte == '\\') text += '\\';
        text += byte;
    }
    return text + '"';
}

// The key as its line begins with it.
std::string written_key(std::string_view key) {
    constexpr std::string_view table = "cgroup.";
    if (!is_quoted_key(key)) return std::string{key};
    return std::string{table} + basic_string(key.substr(table.size()));
}

// The key of a line such as `cgroup.memory.max = "64M"`; empty where there is none.
std::string_view written_key_of(std::string_view line) {
    const std::size_t equals = line.find('=');
    return equals == std::string_view::npos ? std::string_view{} : trim(line.substr(0, equals));
}

struct Parts {
    std::vector<std::string> lines;  // before the first table
    std::string tables;              // from there on, as it is
};

Parts parts_of(std::string_view text) {
    Parts parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (trim(text.substr(0, end)).starts_with('[')) break;
        parts.lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    parts.tables = text;
    return parts;
}

std::string joined(const Parts& parts) {
    std::string text;
    for (const std::string& line : parts.lines)
        text.append(line).push_back('\n');
    return text + parts.tables;
}

}  // namespace

bool is_set_drop_in(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name == set_drop_in || name == set_runtime_drop_in;
}

std::vector<std::string> value_readings(std::string_view value) {
    const bool is_word = value == "true" || value == "false";
    const bool is_toml = !value.empty() && std::string_view{"{[\"'"}.contains(value.front());
    if (is_toml || is_word) return {std::string{value}};
    if (parse_signed(value)) return {std::string{value}, basic_string(value)};
    return {basic_string(value)};
}

std::string with_key(std::string_view text, std::string_view key, std::string_view value) {
    Parts parts = parts_of(text);
    const std::string written = written_key(key);
    std::string line = written + " = " + std::string{value};
    const auto present = std::ranges::find(parts.lines, written, written_key_of);
    if (present != parts.lines.end()) {
        *present = std::move(line);
    } else {
        parts.lines.push_back(std::move(line));
    }
    return joined(parts);
}

std::string without_keys(std::string_view text, std::span<const std::string> keys) {
    Parts parts = parts_of(text);
    std::erase_if(parts.lines, [&](const std::string& line) {
        return std::ranges::any_of(
            keys, [&](const std::string& key) { return written_key_of(line) == written_key(key); });
    });
    return joined(parts);
}

std::vector<std::string> keys_in(std::string_view text) {
    std::vector<std::string> keys;
    const Parts parts = parts_of(text);
    for (const Key* key : all_keys()) {
        const std::string written = written_key(key->path);
        if (std::ranges::find(parts.lines, written, written_key_of) != parts.lines.end()) {
            keys.emplace_back(key->path);
        }
    }
    return keys;
}

}  // namespace confinit
