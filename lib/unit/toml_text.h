// SPDX-License-Identifier: Apache-2.0
// TOML as text: where its strings end and its statements begin, for those who look at what the
// parser refused.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The place behind the string that begins at `at` with a quote. One that is not closed ends with
// its line, or a long one with the text.
std::size_t end_of_string(std::string_view text, std::size_t at);

// A table's header, or a key with its value.
struct TomlStatement {
    std::size_t begin = 0;
    std::optional<std::size_t> value;  // of a key behind which a '=' stands: what comes after it
    std::vector<std::string> path;     // the parts of the name, without the table that it is in
    bool is_header = false;
    bool is_array_header = false;  // [[...]], which may stand more than once
};

// The statements that begin before `stop`, up to which the text is good TOML.
std::vector<TomlStatement> statements_before(std::string_view text, std::size_t stop);

}  // namespace confinit
