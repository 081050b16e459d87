// SPDX-License-Identifier: Apache-2.0
// The unit that a call is about.
#include "control/unit_parameter.h"

#include "control/fields.h"

namespace confinit {

std::string unit_parameter(const Json& parameters) {
    constexpr std::string_view ending = ".toml";
    std::string unit = string_or(parameters, "unit");
    while (unit.ends_with(ending))
        unit.resize(unit.size() - ending.size());
    return unit;
}

}  // namespace confinit
