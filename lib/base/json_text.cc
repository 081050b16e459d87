// SPDX-License-Identifier: Apache-2.0
// JSON from outside: a text becomes a value, or a message with its place; nothing throws.
#include "base/json_text.h"

#include <algorithm>
#include <string>

namespace confinit {
namespace {

// Takes everything, and keeps the place where the parser gives up.
class FaultFinder : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        // The parser counts the bytes that it has read, the one at fault included.
        place_ = position > 0 ? position - 1 : 0;
        return false;
    }

    std::size_t place() const { return place_; }

private:
    std::size_t place_ = 0;
};

std::string place_text(std::string_view text, std::size_t place) {
    const std::string_view before = text.substr(0, std::min(place, text.size()));
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return "line " + std::to_string(line) + ", column " +
           std::to_string(before.size() - line_start + 1);
}

}  // namespace

std::size_t nesting_depth(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool is_in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_in_string && c == '\\') {
            ++i;
        } else if (c == '"') {
            is_in_string = !is_in_string;
        } else if (!is_in_string && (c == '{' || c == '[')) {
            deepest = std::max(deepest, ++depth);
        } else if (!is_in_string && (c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

Result<Json> parse_json(std::string_view text, std::size_t deepest) {
    if (nesting_depth(text) > deepest) return failure("it is nested too deeply");
    Json value = Json::parse(text, nullptr, false);
    if (!value.is_discarded()) return value;
    FaultFinder finder;
    (void)Json::sax_parse(text, &finder);
    return failure(place_text(text, finder.place()) + ": this is no JSON");
}

}  // namespace confinit
