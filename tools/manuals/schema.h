// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of unit files, for editors, from the key table.
#pragma once

#include <string>

namespace confinit {

std::string unit_schema();

}  // namespace confinit
