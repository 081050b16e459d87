// SPDX-License-Identifier: Apache-2.0
// Unit names: "heat", the template "heat@", and its instance "heat@1".
#include "unit/unit_name.h"

#include "unit/problem.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::size_t longest_name = 200;

// Not isalnum(3), which obeys the locale.
bool is_name_byte(char byte) {
    const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    return is_letter || (byte >= '0' && byte <= '9') ||
           std::string_view{"-_.:@"}.find(byte) != std::string_view::npos;
}

}  // namespace

bool is_valid_unit_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name) return false;
    if (name.front() == '.' || name.front() == '@') return false;
    if (name.find("..") != std::string_view::npos) return false;
    return std::ranges::count(name, '@') <= 1 && std::ranges::all_of(name, is_name_byte);
}

std::string unit_name_fault(std::string_view name) {
    std::string fault =
        quoted(name) +
        " is not a valid unit name: letters, digits and -_.:@ make one, at most 200 bytes, "
        "at most one '@', no '..', and no '.' or '@' at the start";
    // The path of a unit file has its name at the end.
    constexpr std::string_view ending = ".toml";
    std::string_view last = name.substr(name.rfind('/') + 1);
    if (last.ends_with(ending)) last.remove_suffix(ending.size());
    if (last.size() < name.size() && is_valid_unit_name(last)) {
        fault += "; did you mean " + quoted(last) + "?";
    }
    return fault;
}

UnitNameParts split_unit_name(std::string_view name) {
    const std::size_t at = name.find('@');
    if (at == std::string_view::npos) return {.stem = std::string{name}};
    return {.stem = std::string{name.substr(0, at)},
            .instance = std::string{name.substr(at + 1)},
            .is_templated = true};
}

}  // namespace confinit
