// SPDX-License-Identifier: Apache-2.0
// JSON from outside: a text becomes a value, or a message with its place; nothing throws.
#pragma once

#include "base/json.h"
#include "base/result.h"

#include <cstddef>
#include <string_view>

namespace confinit {

// How deep the brackets of this text go. The parser itself would follow any depth, and writing or
// copying such a value recurses.
std::size_t nesting_depth(std::string_view text);

// The value, or "line 3, column 5: ..." where the text is no JSON, is nested deeper than this, or
// goes on behind its value.
Result<Json> parse_json(std::string_view text, std::size_t deepest);

}  // namespace confinit
