// SPDX-License-Identifier: Apache-2.0
// Unit names: "heat", the template "heat@", and its instance "heat@1".
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// Whether the text may be the name of a unit: letters, digits and "-_.:@", not starting with '.',
// at most 200 bytes, no "..", at most one '@', which is not the first letter. What is no valid name
// never reaches a file system.
bool is_valid_unit_name(std::string_view name);

// "'../x' is not a valid unit name: ...", for a name that is not valid.
std::string unit_name_fault(std::string_view name);

struct UnitNameParts {
    std::string stem;      // "heat" of "heat" and of "heat@1"
    std::string instance;  // "1" of "heat@1"
    bool is_templated = false;

    // "heat@": a template by itself, which cannot be started.
    bool is_template() const { return is_templated && instance.empty(); }
};
UnitNameParts split_unit_name(std::string_view name);

}  // namespace confinit
