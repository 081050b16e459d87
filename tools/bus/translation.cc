// SPDX-License-Identifier: Apache-2.0
// Arguments of D-Bus methods as parameters of Varlink methods, and replies the other way.
#include "bus/translation.h"

#include "base/text.h"
#include "bus/object_path.h"
#include "control/fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace confinit {
namespace {

constexpr std::string_view basic_types = "ybnqiuxtdsogh";

// The length of the complete type at the beginning, or 0.
std::size_t type_length(std::string_view signature, unsigned depth = 0) {
    constexpr unsigned deepest = 32;  // the D-Bus specification's own bound
    if (signature.empty() || depth > deepest) return 0;
    const char first = signature.front();
    if (first == 'v' || basic_types.contains(first)) return 1;
    if (first == 'a') {
        const std::size_t rest = type_length(signature.substr(1), depth + 1);
        return rest == 0 ? 0 : rest + 1;
    }
    const char end = first == '(' ? ')' : first == '{' ? '}' : '\0';
    if (end == '\0') return 0;
    std::size_t at = 1;
    while (at < signature.size() && signature[at] != end) {
        const std::size_t length = type_length(signature.substr(at), depth + 1);
        if (length == 0) return 0;
        at += length;
    }
    return at > 1 && at < signature.size() ? at + 1 : 0;
}

std::int64_t least_of(char type) {
    switch (type) {
    case 'n':
        return std::numeric_limits<std::int16_t>::min();
    case 'i':
        return std::numeric_limits<std::int32_t>::min();
    case 'x':
        return std::numeric_limits<std::int64_t>::min();
    default:
        return 0;
    }
}

std::uint64_t most_of(char type) {
    switch (type) {
    case 'y':
        return std::numeric_limits<std::uint8_t>::max();
    case 'n':
        return std::numeric_limits<std::int16_t>::max();
    case 'q':
        return std::numeric_limits<std::uint16_t>::max();
    case 'i':
        return std::numeric_limits<std::int32_t>::max();
    case 'u':
        return std::numeric_limits<std::uint32_t>::max();
    case 'x':
        return std::numeric_limits<std::int64_t>::max();
    default:
        return std::numeric_limits<std::uint64_t>::max();
    }
}

Json number(char type, const Json* value) {
    if (value == nullptr || !value->is_number_integer()) return 0;
    if (value->is_number_unsigned()) return std::min(value->get<std::uint64_t>(), most_of(type));
    const auto given = value->get<std::int64_t>();
    if (given < 0) return std::max(given, least_of(type));
    return std::min(static_cast<std::uint64_t>(given), most_of(type));
}

// libsystemd takes texts that end with their NUL.
std::string text(const Json* value) {
    if (value == nullptr || !value->is_string()) return {};
    const auto& given = value->get_ref<const std::string&>();
    return given.substr(0, given.find('\0'));
}

// A number is that of a job, and a text the name of a unit.
std::string path_of(const Json* value) {
    if (value == nullptr) return "/";
    if (value->is_number_unsigned()) return job_path(value->get<std::uint64_t>());
    if (value->is_number_integer()) return job_path(static_cast<std::uint64_t>(*value));
    return value->is_string() ? unit_path(text(value)) : "/";
}

Json shaped_struct(std::string_view contents, const Json* value, std::string_view fields) {
    Json members = Json::array();
    const std::vector<std::string_view> names = split_words(fields);
    std::size_t index = 0;
    for (const std::string_view type : split_signature(contents)) {
        const Json* member = nullptr;
        if (value != nullptr && value->is_object() && index < names.size()) {
            member = find_field(*value, names[index]);
        } else if (value != nullptr && value->is_array() && index < value->size()) {
            member = &(*value)[index];
        }
        members.push_back(shaped(type, member));
        ++index;
    }
    return members;
}

Json shaped_dictionary(std::string_view entry, const Json* value) {
    Json members = Json::object();
    if (value == nullptr || !value->is_object()) return members;
    for (const auto& [key, member] : value->items()) {
        const Json name = key;
        members[text(&name)] = shaped(entry.substr(1), &member);
    }
    return members;
}

Json shaped_array(std::string_view element, const Json* value, std::string_view fields) {
    if (element.front() == '{') {
        return shaped_dictionary(element.substr(1, element.size() - 2), value);
    }
    Json elements = Json::array();
    if (value == nullptr || !value->is_array()) return elements;
    for (const Json& one : *value)
        elements.push_back(shaped(element, &one, fields));
    return elements;
}

Json shaped_variant(const Json* value) {
    const bool is_variant =
        value != nullptr && value->is_array() && value->size() == 2 && (*value)[0].is_string();
    const std::string type = is_variant ? (*value)[0].get<std::string>() : "s";
    if (split_signature(type).size() != 1) return Json::array({"s", ""});
    return Json::array({type, shaped(type, is_variant ? &(*value)[1] : nullptr)});
}

bool is_empty(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    if (value.is_boolean()) return !value.get<bool>();
    if (value.is_number()) return value == 0;
    return value.empty();
}

}  // namespace

std::vector<std::string_view> split_signature(std::string_view signature) {
    std::vector<std::string_view> types;
    while (!signature.empty()) {
        const std::size_t length = type_length(signature);
        if (length == 0) return {};
        types.push_back(signature.substr(0, length));
        signature.remove_prefix(length);
    }
    return types;
}

std::string signature_of(std::span<const BusArgument> arguments) {
    std::string all;
    for (const BusArgument& argument : arguments)
        all += argument.signature;
    return all;
}

Json shaped(std::string_view type, const Json* value, std::string_view fields) {
    switch (type.front()) {
    case 's':
    case 'g':
        return text(value);
    case 'o':
        return path_of(value);
    case 'b':
        return value != nullptr && value->is_boolean() && value->get<bool>();
    case 'd':
        return value != nullptr && value->is_number() ? value->get<double>() : 0.0;
    case 'a':
        return shaped_array(type.substr(1), value, fields);
    case '(':
        return shaped_struct(type.substr(1, type.size() - 2), value, fields);
    case 'v':
        return shaped_variant(value);
    default:
        return number(type.front(), value);
    }
}

Json varlink_parameters(std::span<const BusArgument> arguments, const Json& values) {
    Json parameters = Json::object();
    for (std::size_t n = 0; n < arguments.size() && n < values.size(); ++n) {
        const BusArgument& argument = arguments[n];
        if (argument.is_needed || !is_empty(values[n])) parameters[argument.name] = values[n];
    }
    return parameters;
}

Json bus_values(std::span<const BusArgument> arguments, const Json& reply) {
    Json values = Json::array();
    for (const BusArgument& argument : arguments) {
        values.push_back(
            shaped(argument.signature, find_field(reply, argument.name), argument.fields));
    }
    return values;
}

}  // namespace confinit
