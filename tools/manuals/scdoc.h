// SPDX-License-Identifier: Apache-2.0
// Words and paragraphs of scdoc(5), the language that the manuals are written in.
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// The text as scdoc prints it letter by letter, in one line.
std::string plain(std::string_view text);

std::string bold(std::string_view text);
std::string underlined(std::string_view text);

// "*head*" and, indented below it, these paragraphs, each already in scdoc.
std::string entry(const std::string& head, std::string_view body);

// A line of an entry such as "Default: 10min", or nothing where there is no value. The next line of
// the same paragraph begins below it.
std::string fact(std::string_view name, std::string_view value);

// Lines as they are, in a block of their own.
std::string literal(std::string_view lines);

}  // namespace confinit
