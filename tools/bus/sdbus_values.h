// SPDX-License-Identifier: Apache-2.0
// JSON in the shape of a signature, into and out of the messages of sdbus-c++.
#pragma once

#include "base/json_text.h"

#include <sdbus-c++/sdbus-c++.h>

#include <cstddef>
#include <string_view>

namespace confinit {

// Appends the values of a signature, one element each; they have its shape: shaped(). Throws
// sdbus::Error where the message does not take it.
void append_values(sdbus::Message& message, std::string_view signature, const Json& values);

void append_value(sdbus::Message& message, std::string_view type, const Json& value);

// Reads the values of a signature, one element each, `most` bytes of them; each counts as 16 at
// least. It knows the types that the table of methods takes. Another one, or more, is an
// sdbus::Error.
Json read_values(sdbus::Message& message, std::string_view signature, std::size_t most);

}  // namespace confinit
