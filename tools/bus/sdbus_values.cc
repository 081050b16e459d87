// SPDX-License-Identifier: Apache-2.0
// JSON in the shape of a signature, into and out of the messages of sdbus-c++.
#include "bus/sdbus_values.h"

#include "bus/bus_connection.h"
#include "bus/translation.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

// Reader: takes values out of a message, as long as they are within the bytes that it may take.
class Reader {
public:
    Reader(sdbus::Message& message, std::size_t most) : message_(message), left_(most) {}

    Json values(std::string_view signature) {
        Json values = Json::array();
        for (const std::string_view type : split_signature(signature))
            values.push_back(value(type).value_or(Json{}));
        return values;
    }

private:
    // A value is some bytes of JSON, however short it is in the message.
    void take(std::size_t size) {
        constexpr std::size_t least = 16;
        const std::size_t cost = std::max(size, least);
        if (cost > left_) throw sdbus::Error(bus_errors::limits_exceeded, "the call is too long");
        left_ -= cost;
    }

    // Absent at the end of an array.
    std::optional<Json> value(std::string_view type) {
        switch (type.front()) {
        case 's':
            return text();
        case 'b':
            return number<bool>();
        case 'i':
            return number<std::int32_t>();
        case 'u':
            return number<std::uint32_t>();
        case 'x':
            return number<std::int64_t>();
        case 't':
            return number<std::uint64_t>();
        case 'a':
            return array(std::string{type.substr(1)});
        case '(':
            return structure(std::string{type.substr(1, type.size() - 2)});
        default:
            throw sdbus::Error(bus_errors::invalid_arguments, "a type that nobody takes");
        }
    }

    template <class Value>
    std::optional<Json> number() {
        Value value{};
        if (!(message_ >> value)) return std::nullopt;
        take(sizeof value);
        return Json(value);
    }

    std::optional<Json> text() {
        std::string value;
        if (!(message_ >> value)) return std::nullopt;
        take(value.size());
        return Json(std::move(value));
    }

    // One entry of a dictionary; false at its end.
    bool entry(const std::string& type, Json& dictionary) {
        if (!message_.enterDictEntry(type)) return false;
        const auto key = text();
        auto member = value(std::string_view{type}.substr(1));
        if (key && member) dictionary[key->get<std::string>()] = std::move(*member);
        message_.exitDictEntry();
        return true;
    }

    std::optional<Json> array(const std::string& element) {
        if (!message_.enterContainer(element)) return std::nullopt;
        take(0);
        Json all = Json::array();
        if (element.front() == '{') {
            all = Json::object();
            while (entry(element.substr(1, element.size() - 2), all)) {
            }
        } else {
            while (auto one = value(element))
                all.push_back(std::move(*one));
        }
        message_.clearFlags();
        message_.exitContainer();
        return all;
    }

    std::optional<Json> structure(const std::string& contents) {
        if (!message_.enterStruct(contents)) return std::nullopt;
        Json members = values(contents);
        message_.exitStruct();
        return members;
    }

    sdbus::Message& message_;
    std::size_t left_;
};

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

Json read_values(sdbus::Message& message, std::string_view signature, std::size_t most) {
    return Reader{message, most}.values(signature);
}

}  // namespace confinit
