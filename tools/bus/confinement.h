// SPDX-License-Identifier: Apache-2.0
// The reply of Verify as typed D-Bus values: declared and in force, side by side, by key.
#pragma once

#include "base/json_text.h"

#include <string_view>

namespace confinit {

// Dictionaries a{sv} for Confinement1; `facts` is the reply of Verify, or null. What is declared
// can also be read from the reply of Show. A size is a "t" in bytes with 2^64-1 for "max", a set of
// capabilities an "as" as any list of texts is, a namespace in force an "(st)" of a text and the
// inode, and everything else an "s".
Json declared_values(const Json& facts);
Json values_in_force(const Json& facts);

// The keys of the items with this result.
Json keys_with_result(const Json& facts, std::string_view result);

// The variant of one text under its key.
Json typed_value(std::string_view key, std::string_view text);

}  // namespace confinit
