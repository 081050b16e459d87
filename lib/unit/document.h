// SPDX-License-Identifier: Apache-2.0
// Document: a TOML file as a tree of plain values, each with its place in the file.
//
// All knowledge of the TOML library is in document.cc.
#pragma once

#include "unit/problem.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

struct Position {
    unsigned line = 0;    // from 1
    unsigned column = 0;  // from 1, in code points
};

struct Node {
    enum class Kind { text, boolean, integer, real, date, array, table };

    Kind kind = Kind::table;
    Position position;
    std::string name;  // within a table: its key there
    Position name_position;

    std::string text;  // of a text
    bool boolean = false;
    std::int64_t integer = 0;
    std::vector<Node> children;  // of an array in its order, of a table in the order of names
};

struct Document {
    std::string file;
    Node root;
};

// Parses a whole file. The library stops at the first error of syntax, so there is one Problem.
// Values nested deeper than any unit needs are refused before the library, whose parser and
// destructors recurse, sees them.
std::expected<Document, Problem> parse_document(std::string_view file, std::string_view text);

// The value as TOML would write it, for people: `64M` for a text, `["a", "b"]` for an array.
std::string toml_text(const Node& node);

}  // namespace confinit
