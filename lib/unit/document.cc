// SPDX-License-Identifier: Apache-2.0
// Document: a TOML file as a tree of plain values, each with its place in the file.
#include "unit/document.h"

#include <algorithm>
#include <optional>

// No unit needs more levels of arrays and inline tables.
#define TOML_MAX_NESTED_VALUES 16
// The library asserts things that a hostile file makes untrue ("[" and a control character), where
// the code below the assertion reports an error as it should. An assertion must not end PID 1; and
// with NDEBUG the library would have the compiler assume what it otherwise asserts.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace confinit {
namespace {

// The parts of one dotted key or table header that are still let through to the library.
constexpr unsigned most_key_parts = 16;

// Walks over TOML text far enough to tell keys from strings and comments. Where the text is no
// valid TOML the two readers may disagree, but only after the place at which the library stops.
class KeyDepthScan {
public:
    explicit KeyDepthScan(std::string_view text) : text_(text) {}

    // The place of the first key with too many parts.
    std::optional<Position> too_deep() {
        while (at_ < text_.size()) {
            const char byte = text_[at_];
            if (byte == '"' || byte == '\'') {
                skip_string(byte);
                continue;
            }
            if (byte == '#') at_ = std::min(text_.find('\n', at_), text_.size());
            if (at_ < text_.size()) note(text_[at_++]);
            if (dots_ >= most_key_parts) return position();
        }
        return std::nullopt;
    }

private:
    void note(char byte) {
        if (byte == '.') ++dots_;
        if (std::string_view{"=,[]{}\n"}.find(byte) != std::string_view::npos) dots_ = 0;
    }

    void skip_string(char quote) {
        const std::string delimiter(3, quote);
        const bool is_long = text_.substr(at_).starts_with(delimiter);
        at_ += is_long ? 3 : 1;
        while (at_ < text_.size()) {
            if (quote == '"' && text_[at_] == '\\') {
                at_ = std::min(at_ + 2, text_.size());
                continue;
            }
            if (!is_long && text_[at_] == '\n') return;
            if (!is_long && text_[at_] == quote) {
                ++at_;
                return;
            }
            if (is_long && text_.substr(at_).starts_with(delimiter)) {
                // Up to two quotes before the closing ones belong to the string.
                const std::size_t end = text_.find_first_not_of(quote, at_);
                at_ += std::min<std::size_t>(std::min(end, text_.size()) - at_, 5);
                return;
            }
            ++at_;
        }
    }

    Position position() const {
        const std::string_view before = text_.substr(0, at_);
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        return {.line = static_cast<unsigned>(std::ranges::count(before, '\n')) + 1,
                .column = static_cast<unsigned>(at_ - line_start)};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned dots_ = 0;
};

Position position_of(const toml::source_position& position) {
    return {.line = position.line, .column = position.column};
}

Node to_node(const toml::node& from);

void add_members(const toml::table& from, Node& node) {
    for (const auto& [key, value] : from) {
        Node member = to_node(value);
        member.name = std::string{key.str()};
        member.name_position = position_of(key.source().begin);
        // The library gives no place to a table that only exists through a dotted key.
        if (member.position.line == 0) member.position = member.name_position;
        node.children.push_back(std::move(member));
    }
}

Node to_node(const toml::node& from) {
    Node node{.position = position_of(from.source().begin)};
    if (const auto* table = from.as_table()) {
        node.kind = Node::Kind::table;
        add_members(*table, node);
    } else if (const auto* array = from.as_array()) {
        node.kind = Node::Kind::array;
        node.children.reserve(array->size());
        for (const toml::node& element : *array)
            node.children.push_back(to_node(element));
    } else if (const auto* text = from.as_string()) {
        node.kind = Node::Kind::text;
        node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
        node.kind = Node::Kind::integer;
        node.integer = integer->get();
    } else if (const auto* boolean = from.as_boolean()) {
        node.kind = Node::Kind::boolean;
        node.boolean = boolean->get();
    } else {
        node.kind = from.is_floating_point() ? Node::Kind::real : Node::Kind::date;
    }
    return node;
}

std::string quoted_text(const Node& node) {
    if (node.kind != Node::Kind::text) return toml_text(node);
    std::string text{"\""};
    for (const char byte : node.text) {
        if (byte == '"' || byte == '\\') text += '\\';
        text += byte;
    }
    return text + '"';
}

std::string array_text(const Node& node) {
    std::string text;
    for (const Node& element : node.children) {
        if (!text.empty()) text += ", ";
        text += quoted_text(element);
    }
    return "[" + text + "]";
}

std::string table_text(const Node& node) {
    std::string text;
    for (const Node& member : node.children) {
        if (!text.empty()) text += ", ";
        text += member.name + " = " + quoted_text(member);
    }
    return text.empty() ? "{}" : "{ " + text + " }";
}

}  // namespace

std::expected<Document, Problem> parse_document(std::string_view file, std::string_view text) {
    const auto problem = [&](Position position, std::string message) {
        return std::unexpected(Problem{
            .location = {std::string{file}, position.line, position.column},
            .message = std::move(message),
        });
    };
    if (const auto deep = KeyDepthScan{text}.too_deep()) {
        return problem(*deep,
                       "a key may have at most " + std::to_string(most_key_parts) + " parts");
    }
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed) {
        const toml::parse_error& error = parsed.error();
        std::string message{error.description()};
        // Messages of ours begin in lower case.
        if (message.starts_with('E')) message[0] = 'e';
        return problem(position_of(error.source().begin), "not valid TOML: " + message);
    }
    return Document{.file = std::string{file}, .root = to_node(parsed.table())};
}

std::string toml_text(const Node& node) {
    switch (node.kind) {
    case Node::Kind::text:
        return node.text;
    case Node::Kind::boolean:
        return node.boolean ? "true" : "false";
    case Node::Kind::integer:
        return std::to_string(node.integer);
    case Node::Kind::real:
        return "a floating-point number";
    case Node::Kind::date:
        return "a date or time";
    case Node::Kind::array:
        return array_text(node);
    case Node::Kind::table:
        return table_text(node);
    }
    return {};
}

}  // namespace confinit
