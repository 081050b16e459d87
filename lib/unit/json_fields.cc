// SPDX-License-Identifier: Apache-2.0
// JsonFields: members of JSON objects of any content, and the faults that were found in them.
#include "unit/json_fields.h"

namespace confinit {
namespace {

constexpr std::size_t most_faults = 20;

}  // namespace

std::string place_below(const std::string& place, std::string_view name) {
    std::string text = place + '/';
    for (const char byte : name) {
        if (byte == '~' || byte == '/')
            text += byte == '~' ? "~0" : "~1";
        else
            text += byte;
    }
    return text;
}

std::string place_below(const std::string& place, std::size_t index) {
    return place + '/' + std::to_string(index);
}

void JsonFields::refuse(std::string place, std::string message, std::string nearest) {
    if (faults_.size() >= most_faults) return;
    faults_.push_back({std::move(place), std::move(message), std::move(nearest)});
}

const Json* JsonFields::member(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::vector<std::string> JsonFields::unknown_members(const Json& object, const std::string& place,
                                                     Words names) {
    std::vector<std::string> unknown;
    for (const auto& [name, value] : object.items()) {
        if (std::ranges::find(names, name) != names.end()) continue;
        std::string nearest = nearest_of(name, names);
        if (nearest.empty() || nearest == "comment")
            unknown.push_back(place_below(place, name));
        else
            refuse(place_below(place, name), "there is no such member", std::move(nearest));
    }
    return unknown;
}

const Json* JsonFields::array(const Json& object, const std::string& place, const char* name) {
    const Json* list = member(object, name);
    if (list == nullptr || list->is_array()) return list;
    refuse(place_below(place, name), "expected an array");
    return nullptr;
}

std::optional<std::vector<std::string>> JsonFields::texts(const Json& object,
                                                          const std::string& place,
                                                          const char* name) {
    std::vector<std::string> found;
    const Json* list = array(object, place, name);
    if (list == nullptr) {
        return member(object, name) == nullptr ? std::optional{found} : std::nullopt;
    }
    for (std::size_t index = 0; index < list->size(); ++index) {
        const auto* text = (*list)[index].get_ptr<const std::string*>();
        if (text == nullptr) {
            refuse(place_below(place_below(place, name), index), "expected a text");
            return std::nullopt;
        }
        found.push_back(*text);
    }
    return found;
}

std::optional<std::uint64_t> JsonFields::number(const Json& object, const std::string& place,
                                                const char* name, std::uint64_t highest) {
    const Json* value = member(object, name);
    if (value == nullptr) return 0;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= highest) {
        return value->get<std::uint64_t>();
    }
    refuse(place_below(place, name), "expected a number from 0 to " + std::to_string(highest));
    return std::nullopt;
}

std::optional<std::size_t> JsonFields::find_word(const Json& object, const std::string& place,
                                                 const char* name, Words words) {
    const Json* value = member(object, name);
    const auto* word = value != nullptr ? value->get_ptr<const std::string*>() : nullptr;
    if (word == nullptr) {
        refuse(place_below(place, name), value == nullptr ? "it is missing" : "expected a text");
        return std::nullopt;
    }
    const auto found = std::ranges::find(words, *word);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    refuse(place_below(place, name), "there is no " + confinit::quoted(*word),
           nearest_of(*word, words));
    return std::nullopt;
}

}  // namespace confinit
