// SPDX-License-Identifier: Apache-2.0
// The parameters of a call, checked against the interface description that the caller can read.
#include "control/parameters.h"

#include "control/fields.h"
#include "control/manager_interface.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>
#include <vector>

namespace confinit {
namespace {

bool is_name_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

// Cursor: a place in the description. Spaces and comments count for nothing.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) { skip_blanks(); }

    bool take(std::string_view token) {
        if (!text_.starts_with(token)) return false;
        text_.remove_prefix(token.size());
        skip_blanks();
        return true;
    }

    std::string_view take_name() {
        const auto end = std::ranges::find_if_not(text_, is_name_letter);
        const std::string_view name =
            text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
        text_.remove_prefix(name.size());
        skip_blanks();
        return name;
    }

    bool is_at_end() const { return text_.empty(); }
    void skip_letter() { (void)take(text_.substr(0, 1)); }

private:
    void skip_blanks() {
        for (;;) {
            const std::size_t blanks = std::min(text_.find_first_not_of(" \n"), text_.size());
            text_.remove_prefix(blanks);
            if (!text_.starts_with('#')) return;
            text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
        }
    }

    std::string_view text_;
};

// The place after the word and the name, such as "method" and "Enter". A definition begins its
// line.
std::optional<Cursor> find_definition(std::string_view interface, std::string_view word,
                                      std::string_view name) {
    for (std::size_t begin = 0; begin < interface.size();) {
        const std::string_view rest = interface.substr(begin);
        if (rest.starts_with(word)) {
            Cursor cursor{rest};
            if (cursor.take_name() == word && cursor.take_name() == name) return cursor;
        }
        begin += std::min(rest.find('\n'), rest.size() - 1) + 1;
    }
    return std::nullopt;
}

// Checker: reads types at a cursor and holds values against them; the first fault is kept. A null
// value is held against nothing, and its type is only read over.
class Checker {
public:
    explicit Checker(std::string_view interface) : interface_(interface) {}

    // "(name: type, ...)"; or, of an enumeration, "(word, word)".
    void check_group(Cursor& cursor, const Json* value, const std::string& place) {
        std::vector<std::string_view> names;
        bool is_enumeration = false;
        if (!cursor.take("(")) return;
        while (!cursor.take(")") && !cursor.is_at_end()) {
            names.push_back(cursor.take_name());
            if (cursor.take(":")) {
                check_member(cursor, value, place, names.back());
            } else {
                is_enumeration = true;
            }
            if (!cursor.take(",") && names.back().empty()) cursor.skip_letter();
        }
        if (value == nullptr) return;
        if (is_enumeration) return check_word(*value, place, names);
        if (!value->is_object()) return refuse(place, "must be an object");
        for (const auto& [name, member] : value->items()) {
            const bool is_known = std::ranges::find(names, name) != names.end();
            if (!is_known) refuse(inside(place, name), "is not known here");
        }
    }

    std::optional<BadParameter> fault;

private:
    static std::string inside(const std::string& place, std::string_view name) {
        return place.empty() ? std::string{name} : place + "." + std::string{name};
    }

    void refuse(std::string place, std::string why) {
        if (!fault) fault = BadParameter{std::move(place), std::move(why)};
    }

    void check_member(Cursor& cursor, const Json* object, const std::string& place,
                      std::string_view name) {
        const Json* member = object == nullptr ? nullptr : find_field(*object, name);
        const bool may_be_absent = cursor.take("?");
        const bool is_missing = object != nullptr && object->is_object() && member == nullptr;
        const std::string own_place = inside(place, name);
        if (is_missing && !may_be_absent) refuse(own_place, "is missing");
        check_type(cursor, member, own_place);
    }

    void check_type(Cursor& cursor, const Json* value, const std::string& place) {
        if (cursor.take("?")) return check_type(cursor, value, place);
        if (cursor.take("[]")) return check_elements(cursor, value, place, Json::value_t::array);
        if (cursor.take("[string]")) {
            return check_elements(cursor, value, place, Json::value_t::object);
        }
        const std::string_view name = cursor.take_name();
        if (name.empty()) return check_group(cursor, value, place);
        if (value == nullptr) return;
        check_named(name, *value, place);
    }

    void check_elements(Cursor& cursor, const Json* value, const std::string& place,
                        Json::value_t kind) {
        const bool fits = value != nullptr && value->type() == kind;
        if (value != nullptr && !fits) {
            refuse(place, kind == Json::value_t::array ? "must be an array" : "must be an object");
        }
        const Cursor element_type = cursor;
        check_type(cursor, nullptr, place);
        if (!fits) return;
        std::size_t index = 0;
        for (const Json& element : *value) {
            Cursor again = element_type;
            check_type(again, &element, place + "[" + std::to_string(index++) + "]");
        }
    }

    void check_named(std::string_view type, const Json& value, const std::string& place) {
        if (type == "string") return value.is_string() ? void() : refuse(place, "must be a text");
        if (type == "bool") {
            return value.is_boolean() ? void() : refuse(place, "must be true or false");
        }
        if (type == "int") return check_integer(value, place);
        if (type == "object") {
            return value.is_object() ? void() : refuse(place, "must be an object");
        }
        if (auto definition = find_definition(interface_, "type", type)) {
            check_group(*definition, &value, place);
        }
    }

    void check_integer(const Json& value, const std::string& place) {
        constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
        const bool is_integer = value.is_number_integer();
        const bool is_huge =
            is_integer && value.is_number_unsigned() && value.get<std::uint64_t>() > largest;
        if (!is_integer || is_huge) refuse(place, "must be a whole number of 64 bits");
    }

    void check_word(const Json& value, const std::string& place,
                    const std::vector<std::string_view>& words) {
        if (value.is_string()) {
            const auto& text = value.get_ref<const std::string&>();
            if (std::ranges::find(words, text) != words.end()) return;
        }
        std::string expected = "must be one of";
        for (const std::string_view word : words)
            expected.append(word == words.front() ? " " : ", ").append(word);
        refuse(place, std::move(expected));
    }

    std::string_view interface_;
};

}  // namespace

std::optional<BadParameter> find_bad_parameter(std::string_view interface, std::string_view method,
                                               const Json& parameters) {
    auto definition = find_definition(interface, "method", method);
    if (!definition) return std::nullopt;
    Checker checker{interface};
    checker.check_group(*definition, &parameters, "");
    return checker.fault;
}

std::optional<BadParameter> find_bad_parameter(std::string_view method, const Json& parameters) {
    const std::size_t dot = std::min(method.rfind('.'), method.size());
    const auto interface = find_interface_description(method.substr(0, dot));
    if (!interface || dot == method.size()) return std::nullopt;
    return find_bad_parameter(*interface, method.substr(dot + 1), parameters);
}

}  // namespace confinit
