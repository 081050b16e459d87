// SPDX-License-Identifier: Apache-2.0
// The shapes of JSON Schema that stand for the forms of the key table.
//
// A form is a sentence for people. Those that follow a rule are taken apart; the others stand in a
// table. A shape refuses what can be seen by looking at one value, and nothing that the reader
// takes.
#include "manuals/form_shapes.h"

#include "base/text.h"

#include <array>
#include <string>

namespace confinit {
namespace {

struct FormShape {
    std::string_view form;  // its beginning
    std::string_view shape;
};

constexpr FormShape form_shapes[] = {
    {"a text of octal digits", R"({"type": "string", "pattern": "^[0-7]+$"})"},
    {"a text", R"({"type": "string"})"},
    {"an array of texts, the first one",
     R"({"type": "array", "minItems": 1, "items": [{"$ref": "#/definitions/path"}],
         "additionalItems": {"type": "string"}})"},
    {"an array of texts", R"({"type": "array", "items": {"type": "string", "minLength": 1}})"},
    {"an array of unit names", R"({"type": "array", "items": {"$ref": "#/definitions/unit"}})"},
    {"an array of names of environment variables",
     R"({"type": "array", "items": {"type": "string", "pattern": "^([A-Za-z_][A-Za-z0-9_]*|\\*)$"}})"},
    {"an array of keys", R"({"type": "array", "items": {"$ref": "#/definitions/key"}})"},
    {"a user name", R"({"$ref": "#/definitions/account"})"},
    {"a group name", R"({"$ref": "#/definitions/account"})"},
    {"an array of group names", R"({"type": "array", "items": {"$ref": "#/definitions/account"}})"},
    {"an absolute path such as \"/etc/containers/seccomp.json\"",
     R"({"type": "string", "minLength": 1})"},
    {"an absolute path", R"({"$ref": "#/definitions/path"})"},
    {"the path of a terminal", R"({"$ref": "#/definitions/path"})"},
    {"a table of texts",
     R"({"type": "object", "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
         "additionalProperties": {"type": "string"}})"},
    {"a duration with a sign", R"({"type": "string", "pattern": "^[+-]?[0-9]"})"},
    {"a duration", R"({"$ref": "#/definitions/duration"})"},
    {"a signal name", R"({"$ref": "#/definitions/signal"})"},
    {"one of exec, notify, a descriptor",
     R"({"type": "string",
         "pattern": "^(exec|notify|fd:[0-9]{1,3}|dbus:[A-Za-z_-][A-Za-z0-9_.-]*)$"})"},
    {"the name of a unit", R"({"$ref": "#/definitions/unit"})"},
    {"true, false, or an array of controllers",
     R"({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum":
         ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc", "dmem"]}}]})"},
    {"true or false, or 1 or 0", R"({"enum": [true, false, 1, 0]})"},
    {"true or false", R"({"type": "boolean"})"},
    {"a percentage of one CPU",
     R"({"type": "string", "pattern": "^([0-9]+%|max|\\s*([0-9]+|max)\\s+[0-9]+\\s*)$"})"},
    {"a percentage such as", R"({"type": "string", "pattern": "^([0-9]{1,3}%|max)$"})"},
    {"a list of CPUs", R"({"$ref": "#/definitions/numbers"})"},
    {"a list of memory nodes", R"({"$ref": "#/definitions/numbers"})"},
    {"a size such as \"64M\" or a number of bytes, a percentage",
     R"({"anyOf": [{"$ref": "#/definitions/size"},
                   {"type": "string", "pattern": "^([0-9]{1,3}%|max)$"}]})"},
    {"a size such as \"64M\" or a number of bytes, or",
     R"({"anyOf": [{"$ref": "#/definitions/size"}, {"const": "max"}]})"},
    {"a table of devices such as { \"/dev/vda\" = \"10ms\" }",
     R"({"type": "object", "propertyNames": {"$ref": "#/definitions/device"},
         "additionalProperties": {"$ref": "#/definitions/duration"}})"},
    {"a table of devices such as { mlx5_0",
     R"({"type": "object", "additionalProperties": {"type": "string"}})"},
    {"a table of devices",
     R"({"type": "object", "propertyNames": {"$ref": "#/definitions/device"},
         "additionalProperties": {"type": "string",
         "pattern": "^\\s*((rbps|wbps|riops|wiops)=([0-9]+[KMGTPE]?|max)\\s*)+$"}})"},
    {"a table of resources",
     R"({"type": "object", "additionalProperties":
         {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "max"}]}})"},
    {"a table of files",
     R"({"type": "object", "propertyNames": {"pattern": "^[A-Za-z0-9_-]+\\."},
         "additionalProperties": {"type": "string", "minLength": 1}})"},
    {"\"all\" or an array of capability names",
     R"({"anyOf": [{"const": "all"},
         {"type": "array", "items": {"$ref": "#/definitions/capability"}},
         {"type": "array", "items": {"const": "all"}, "minItems": 1, "maxItems": 1}]})"},
    {"an array of names such as [\"noroot\"",
     R"({"type": "array", "items": {"$ref": "#/definitions/securebit"}})"},
    {"true, false, \"unit:NAME\"",
     R"({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^/|^unit:[^/]+$"}]})"},
    {"a host name", R"({"type": "string", "maxLength": 64,
         "pattern": "^[A-Za-z0-9%]([A-Za-z0-9.%-]*[A-Za-z0-9%])?$"})"},
    {"one of nobody, identity, private",
     R"({"type": "string", "pattern": "^(nobody|identity|private|subid:.+)$"})"},
    {"an array of lines \"INSIDE",
     R"({"type": "array", "items": {"type": "string",
         "pattern": "^\\s*[0-9]+\\s+[0-9]+\\s+[0-9]+\\s*$"}})"},
    {"an array of absolute paths such as",
     R"({"type": "array", "items": {"$ref": "#/definitions/optional_path"}})"},
    {"an array of system, ", R"({"type": "array", "items": {"$ref": "#/definitions/preset"}})"},
    {"an array of \"/source:/target\"",
     R"({"type": "array", "items": {"anyOf": [
         {"type": "string", "pattern": "^-?/[^:]*:/[^:]*(:r[ow])?$"},
         {"type": "object", "additionalProperties": false, "required": ["source", "target"],
          "properties": {"source": {"$ref": "#/definitions/path"},
                         "target": {"$ref": "#/definitions/path"},
                         "read_only": {"type": "boolean"}, "recursive": {"type": "boolean"},
                         "optional": {"type": "boolean"}}}]}})"},
    {"an array of absolute paths and tables",
     R"({"type": "array", "items": {"anyOf": [{"$ref": "#/definitions/path"},
         {"type": "object", "additionalProperties": false, "required": ["target"],
          "properties": {"target": {"$ref": "#/definitions/path"},
                         "size": {"$ref": "#/definitions/size"},
                         "mode": {"type": "string", "pattern": "^[0-7]+$"}}}]}})"},
    {"one of private, noaccess",
     R"({"anyOf": [{"$ref": "#/definitions/proc"}, {"type": "array", "minItems": 1, "maxItems": 2,
         "items": {"$ref": "#/definitions/proc"}}]})"},
    {"an array of tables such as { target",
     R"({"type": "array", "items": {"type": "object", "additionalProperties": false,
         "required": ["target", "lower"],
         "properties": {"target": {"$ref": "#/definitions/path"},
                        "lower": {"type": "array", "minItems": 1, "maxItems": 32,
                                  "items": {"$ref": "#/definitions/path"}},
                        "upper": {"anyOf": [{"const": "tmpfs"}, {"$ref": "#/definitions/path"}]},
                        "work": {"$ref": "#/definitions/path"},
                        "size": {"$ref": "#/definitions/size"}}}})"},
    {"an array of relative paths",
     R"({"type": "array", "items": {"anyOf": [{"$ref": "#/definitions/relative_path"},
         {"type": "object", "additionalProperties": false, "required": ["name"],
          "properties": {"name": {"$ref": "#/definitions/relative_path"},
                         "mode": {"type": "string", "pattern": "^[0-7]+$"},
                         "user": {"type": "string"}, "group": {"type": "string"}}}]}})"},
    {"one of allow, log, trap", R"({"$ref": "#/definitions/action"})"},
    {"an array of system calls", R"({"type": "array", "items": {"$ref": "#/definitions/call"}})"},
    {"an array of rules",
     R"({"type": "array", "items": {"type": "object", "additionalProperties": false,
         "required": ["syscalls", "action"],
         "properties": {"syscalls": {"type": "array", "items": {"$ref": "#/definitions/call"}},
                        "action": {"$ref": "#/definitions/action"},
                        "args": {"type": "array", "items": {"type": "object",
                            "additionalProperties": false, "required": ["index", "op", "value"],
                            "properties": {
                                "index": {"type": "integer", "minimum": 0, "maximum": 5},
                                "op": {"enum": ["eq", "ne", "lt", "le", "gt", "ge", "masked-eq"]},
                                "value": {"$ref": "#/definitions/number"},
                                "mask": {"$ref": "#/definitions/number"},
                                "bits": {"enum": [32, 64]}}}}}}})"},
    {"an array of socket families",
     R"({"type": "array", "items": {"$ref": "#/definitions/family"}})"},
    {"true, false, or an array of namespaces",
     R"({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum":
         ["user", "mount", "net", "ipc", "uts", "cgroup", "time", "pid"]}}]})"},
    {"an array such as [\"native\"",
     R"({"type": "array", "items": {"type": "string", "minLength": 1}})"},
    {"a table of limits",
     R"({"type": "object", "propertyNames": {"$ref": "#/definitions/limit"},
         "additionalProperties": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string",
         "pattern": "^([0-9]+[KMGTPE]?|infinity)(:([0-9]+[KMGTPE]?|infinity))?$"}]}})"},
    {"one of other, batch, idle",
     R"({"type": "string", "pattern": "^(other|batch|idle|(fifo|rr):[1-9][0-9]?)$"})"},
    {"\"idle\", or a class",
     R"({"type": "string", "pattern": "^(idle|(best-effort|realtime):[0-7])$"})"},
};

Json parsed(std::string_view shape) {
    return Json::parse(shape, nullptr, false);
}

// "a whole number from 1 to 10000", perhaps with what else there may be in its place.
std::optional<Json> number_shape(std::string_view form) {
    constexpr std::string_view begin = "a whole number from ";
    if (!form.starts_with(begin)) return std::nullopt;
    const auto words = split_words(form.substr(begin.size()));
    if (words.size() < 3) return std::nullopt;
    std::string_view highest = words[2];
    if (highest.ends_with(',')) highest.remove_suffix(1);
    const auto least = parse_signed(words[0]);
    const auto most = parse_signed(highest);
    if (!least || !most) return std::nullopt;
    Json choices = Json::array({{{"type", "integer"}, {"minimum", *least}, {"maximum", *most}}});
    if (form.contains("a percentage"))
        choices.push_back({{"type", "string"}, {"pattern", "^[0-9]{1,3}%$"}});
    if (form.contains("\"max\"")) choices.push_back({{"const", "max"}});
    if (form.contains("a table of devices")) {
        choices.push_back({{"type", "object"},
                           {"propertyNames", {{"$ref", "#/definitions/device"}}},
                           {"additionalProperties", choices[0]}});
    }
    return choices.size() == 1 ? choices[0] : Json{{"anyOf", choices}};
}

// "one of no, on-failure, always" and nothing else.
std::optional<Json> choice_shape(std::string_view form) {
    constexpr std::string_view begin = "one of ";
    if (!form.starts_with(begin) || form.contains(" or ")) return std::nullopt;
    Json words = Json::array();
    for (const std::string_view word : split(form.substr(begin.size()), ','))
        words.push_back(trim(word));
    return Json{{"enum", words}};
}

}  // namespace

std::optional<Json> shape_of(std::string_view form) {
    for (const FormShape& row : form_shapes)
        if (form.starts_with(row.form)) return parsed(row.shape);
    if (auto number = number_shape(form)) return number;
    return choice_shape(form);
}

}  // namespace confinit
