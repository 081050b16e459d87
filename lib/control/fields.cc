// SPDX-License-Identifier: Apache-2.0
// Members of a JSON object that came from outside: present and of the wanted type, or absent.
#include "control/fields.h"

#include <limits>

namespace confinit {

const Json* find_field(const Json& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    const auto member = object.find(name);
    if (member == object.end() || member->is_null()) return nullptr;
    return &*member;
}

std::optional<std::string> find_string(const Json& object, std::string_view name) {
    const Json* value = find_field(object, name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->get<std::string>();
}

std::optional<bool> find_bool(const Json& object, std::string_view name) {
    const Json* value = find_field(object, name);
    if (value == nullptr || !value->is_boolean()) return std::nullopt;
    return value->get<bool>();
}

std::optional<std::int64_t> find_integer(const Json& object, std::string_view name) {
    const Json* value = find_field(object, name);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    // The library keeps what needs the 64th bit as unsigned, and would wrap it round.
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > largest) return std::nullopt;
    return value->get<std::int64_t>();
}

std::optional<std::vector<std::string>> find_strings(const Json& object, std::string_view name) {
    const Json* array = find_array(object, name);
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> strings;
    for (const Json& element : *array) {
        if (!element.is_string()) return std::nullopt;
        strings.push_back(element.get<std::string>());
    }
    return strings;
}

const Json* find_array(const Json& object, std::string_view name) {
    const Json* value = find_field(object, name);
    return value != nullptr && value->is_array() ? value : nullptr;
}

const Json* find_object(const Json& object, std::string_view name) {
    const Json* value = find_field(object, name);
    return value != nullptr && value->is_object() ? value : nullptr;
}

std::string string_or(const Json& object, std::string_view name, std::string_view fallback) {
    return find_string(object, name).value_or(std::string{fallback});
}

std::int64_t integer_or(const Json& object, std::string_view name, std::int64_t fallback) {
    return find_integer(object, name).value_or(fallback);
}

bool bool_or(const Json& object, std::string_view name, bool fallback) {
    return find_bool(object, name).value_or(fallback);
}

}  // namespace confinit
