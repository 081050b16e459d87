// SPDX-License-Identifier: Apache-2.0
// JSON in the shape of a signature, into and out of the messages of sdbus-c++.
#include "bus/sdbus_values.h"

#include "bus/translation.h"

#include <cstdint>
#include <optional>
#include <string>

namespace confinit {
namespace {

template <class Number>
void append_number(sdbus::Message& message, const Json& value) {
    message << value.get<Number>();
}

void append_array(sdbus::Message& message, const std::string& element, const Json& value) {
    message.openContainer(element);
    if (element.front() == '{') {
        const std::string entry = element.substr(1, element.size() - 2);
        for (const auto& [key, member] : value.items()) {
            message.openDictEntry(entry);
            message << key;
            append_value(message, std::string_view{entry}.substr(1), member);
            message.closeDictEntry();
        }
    } else {
        for (const Json& one : value)
            append_value(message, element, one);
    }
    message.closeContainer();
}

// Absent at the end of an array.
std::optional<Json> read_value(sdbus::Message& message, std::string_view type);

template <class Value>
std::optional<Json> read_basic(sdbus::Message& message) {
    Value value{};
    if (!(message >> value)) return std::nullopt;
    return Json(value);
}

std::optional<Json> read_text(sdbus::Message& message) {
    return read_basic<std::string>(message);
}

// One entry of a dictionary; false at its end.
bool read_entry(sdbus::Message& message, const std::string& entry, Json& dictionary) {
    if (!message.enterDictEntry(entry)) return false;
    const auto key = read_text(message);
    auto member = read_value(message, std::string_view{entry}.substr(1));
    if (key && member) dictionary[key->get<std::string>()] = std::move(*member);
    message.exitDictEntry();
    return true;
}

std::optional<Json> read_array(sdbus::Message& message, const std::string& element) {
    if (!message.enterContainer(element)) return std::nullopt;
    Json value = Json::array();
    if (element.front() == '{') {
        value = Json::object();
        while (read_entry(message, element.substr(1, element.size() - 2), value)) {
        }
    } else {
        while (auto one = read_value(message, element))
            value.push_back(std::move(*one));
    }
    message.clearFlags();
    message.exitContainer();
    return value;
}

std::optional<Json> read_struct(sdbus::Message& message, const std::string& contents) {
    if (!message.enterStruct(contents)) return std::nullopt;
    Json value = read_values(message, contents);
    message.exitStruct();
    return value;
}

std::optional<Json> read_value(sdbus::Message& message, std::string_view type) {
    switch (type.front()) {
    case 's':
        return read_text(message);
    case 'b':
        return read_basic<bool>(message);
    case 'i':
        return read_basic<std::int32_t>(message);
    case 'u':
        return read_basic<std::uint32_t>(message);
    case 'x':
        return read_basic<std::int64_t>(message);
    case 't':
        return read_basic<std::uint64_t>(message);
    case 'a':
        return read_array(message, std::string{type.substr(1)});
    case '(':
        return read_struct(message, std::string{type.substr(1, type.size() - 2)});
    default:
        throw sdbus::Error("org.freedesktop.DBus.Error.InvalidArgs", "a type that nobody takes");
    }
}

}  // namespace

void append_value(sdbus::Message& message, std::string_view type, const Json& value) {
    switch (type.front()) {
    case 's':
        message << value.get_ref<const std::string&>();
        return;
    case 'o':
        message << sdbus::ObjectPath{value.get<std::string>()};
        return;
    case 'g':
        message << sdbus::Signature{value.get<std::string>()};
        return;
    case 'b':
        message << value.get<bool>();
        return;
    case 'y':
        return append_number<std::uint8_t>(message, value);
    case 'n':
        return append_number<std::int16_t>(message, value);
    case 'q':
        return append_number<std::uint16_t>(message, value);
    case 'i':
        return append_number<std::int32_t>(message, value);
    case 'u':
        return append_number<std::uint32_t>(message, value);
    case 'x':
        return append_number<std::int64_t>(message, value);
    case 't':
        return append_number<std::uint64_t>(message, value);
    case 'd':
        message << value.get<double>();
        return;
    case 'v': {
        const std::string inner = value[0].get<std::string>();
        message.openVariant(inner);
        append_value(message, inner, value[1]);
        message.closeVariant();
        return;
    }
    case 'a':
        return append_array(message, std::string{type.substr(1)}, value);
    case '(': {
        const std::string contents{type.substr(1, type.size() - 2)};
        message.openStruct(contents);
        append_values(message, contents, value);
        message.closeStruct();
        return;
    }
    default:
        throw sdbus::Error("org.freedesktop.DBus.Error.Failed", "an unknown type");
    }
}

void append_values(sdbus::Message& message, std::string_view signature, const Json& values) {
    std::size_t index = 0;
    for (const std::string_view type : split_signature(signature))
        append_value(message, type, values[index++]);
}

Json read_values(sdbus::Message& message, std::string_view signature) {
    Json values = Json::array();
    for (const std::string_view type : split_signature(signature))
        values.push_back(read_value(message, type).value_or(Json{}));
    return values;
}

}  // namespace confinit
