// SPDX-License-Identifier: Apache-2.0
// The shapes of JSON Schema that stand for the forms of the key table.
#pragma once

#include "base/json.h"

#include <optional>
#include <string_view>

namespace confinit {

// The shape of a value of this form; absent for a form that is not known here.
std::optional<Json> shape_of(std::string_view form);

// The shapes that others refer to as "#/definitions/NAME": the words of the kernel's tables, and
// forms that several keys share.
Json shape_definitions();

}  // namespace confinit
