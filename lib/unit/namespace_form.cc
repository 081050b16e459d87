// SPDX-License-Identifier: Apache-2.0
// How each key of [namespaces] says whose namespace it is: the host's, a new one, another's.
#include "unit/namespace_form.h"

#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/unit_name.h"

#include <algorithm>

namespace confinit {
namespace {

struct KindRow {
    NamespaceKind kind;
    std::string_view key;
    bool NamespaceConfig::* made;
};

constexpr KindRow rows[] = {
    {NamespaceKind::user, "namespaces.user", &NamespaceConfig::user},
    {NamespaceKind::mount, "namespaces.mount", &NamespaceConfig::mount},
    {NamespaceKind::net, "namespaces.net", &NamespaceConfig::net},
    {NamespaceKind::ipc, "namespaces.ipc", &NamespaceConfig::ipc},
    {NamespaceKind::uts, "namespaces.uts", &NamespaceConfig::uts},
    {NamespaceKind::cgroup, "namespaces.cgroup", &NamespaceConfig::cgroup},
    {NamespaceKind::time, "namespaces.time", &NamespaceConfig::time},
    {NamespaceKind::pid, "namespaces.pid", &NamespaceConfig::pid},
};

const KindRow& row_of(NamespaceKind kind) {
    return *std::ranges::find(rows, kind, &KindRow::kind);
}

}  // namespace

std::string namespace_key(NamespaceKind kind) {
    return std::string{row_of(kind).key};
}

bool joins_namespace(const NamespaceConfig& namespaces, NamespaceKind kind) {
    return std::ranges::find(namespaces.joined, kind, &JoinedNamespace::kind) !=
           namespaces.joined.end();
}

bool makes_namespace(const NamespaceConfig& namespaces, NamespaceKind kind) {
    return namespaces.*row_of(kind).made;
}

std::optional<bool> read_namespace(const Value& value, NamespaceKind kind, Unit& unit) {
    constexpr std::string_view of_unit = "unit:";
    if (value.is_table() && has_keys_below(value.key())) return true;
    const std::string* text = value.if_text();
    if (text == nullptr) return value.boolean();
    if (text->starts_with('/')) {
        auto path = read_path(value);
        if (!path) return std::nullopt;
        unit.namespaces.joined.push_back({.kind = kind, .unit = {}, .path = std::move(*path)});
        return false;
    }
    const std::string_view name =
        text->starts_with(of_unit) ? std::string_view{*text}.substr(of_unit.size()) : "";
    if (!is_valid_unit_name(name)) {
        value.mismatch();
        return std::nullopt;
    }
    unit.namespaces.joined.push_back({.kind = kind, .unit = std::string{name}, .path = {}});
    return false;
}

}  // namespace confinit
