// SPDX-License-Identifier: Apache-2.0
// The JSON Schema of unit files, for editors, from the key table.
#include "manuals/schema.h"

#include "base/text.h"
#include "manuals/form_shapes.h"
#include "unit/keys.h"

#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace confinit {
namespace {

// A fact of a key, with its name in a sentence of its own, and as an entry of a list.
struct Fact {
    std::string_view title;
    std::string_view entry;
    std::string_view value;
};

std::vector<Fact> facts_of(const Key& key) {
    std::vector<Fact> facts{{"Default", "default", key.fallback}};
    if (key.operation != "none") facts.push_back({"Kernel", "kernel", key.operation});
    if (key.source != "confinit") facts.push_back({"Source", "source", key.source});
    facts.push_back({"systemd", "systemd", key.systemd});
    std::erase_if(facts, [](const Fact& fact) { return fact.value.empty(); });
    return facts;
}

// Editors show it where the mouse is above a key. They differ in whether they read Markdown.
std::string hover_text(const Key& key) {
    std::string text = fmt::format("{}\n\nValue: {}", key.documentation, key.form);
    for (const Fact& fact : facts_of(key))
        text += fmt::format("\n{}: {}", fact.title, fact.value);
    return text;
}

std::string hover_markdown(const Key& key) {
    std::string text = fmt::format("{}\n\n- value: {}", key.documentation, key.form);
    for (const Fact& fact : facts_of(key))
        text += fmt::format("\n- {}: `{}`", fact.entry, fact.value);
    return text;
}

Json schema_of(const Key& key) {
    Json schema = shape_of(key.form).value_or(Json::object());
    // A reference lets nothing stand beside it.
    if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
    schema["description"] = hover_text(key);
    schema["markdownDescription"] = hover_markdown(key);
    return schema;
}

Json empty_table() {
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
}

// The properties of the table with this path, which is made where it is not there.
Json& properties_of(Json& root, std::string_view path) {
    Json* table = &root;
    for (const std::string_view name : split(path, '.')) {
        Json& properties = (*table)["properties"];
        if (!properties.contains(name)) properties[std::string{name}] = empty_table();
        table = &properties[std::string{name}];
    }
    return (*table)["properties"];
}

std::string_view above(std::string_view path) {
    return path.substr(0, path.rfind('.'));
}

// "namespaces.pid" for "namespaces.pid.pid1", and "cgroup.cpu.max" for "cgroup.cpu.max.burst".
const Key* outer_key(std::string_view path) {
    for (std::string_view outer = above(path); outer.contains('.'); outer = above(outer))
        if (const Key* key = find_key(outer)) return key;
    return nullptr;
}

// A name in quotes, in the whole table and in the one below it where the outer key is.
void add_quoted(Json& root, const Key& key, const Key& outer) {
    const std::string_view table = key.path.substr(0, key.path.find('.'));
    for (const std::string_view place : {table, above(outer.path)}) {
        const std::string name{key.path.substr(place.size() + 1)};
        properties_of(root, place)[name] = schema_of(key);
    }
}

// In the table that the outer key may be in place of its own form.
void add_member(Json& root, const Key& key, const Key& outer) {
    Json& place = properties_of(
        root, above(outer.path))[std::string{outer.path.substr(outer.path.rfind('.') + 1)}];
    Json& choices = place["anyOf"];
    if (choices.empty() || choices.back().value("type", "") != "object")
        choices.push_back(empty_table());
    const std::string name{key.path.substr(outer.path.size() + 1)};
    choices.back()["properties"][name] = schema_of(key);
}

void add_key(Json& root, const Key& key) {
    if (const Key* outer = outer_key(key.path)) {
        return is_quoted_key(key.path) ? add_quoted(root, key, *outer)
                                       : add_member(root, key, *outer);
    }
    const std::string name{key.path.substr(key.path.rfind('.') + 1)};
    properties_of(root, above(key.path))[name] = schema_of(key);
}

}  // namespace

std::string unit_schema() {
    Json root = empty_table();
    root["$schema"] = "http://json-schema.org/draft-07/schema#";
    root["title"] = "confinit unit file";
    root["definitions"] = shape_definitions();
    for (const Key* key : all_keys())
        add_key(root, *key);
    return root.dump(1) + "\n";
}

}  // namespace confinit
