// SPDX-License-Identifier: Apache-2.0
// How each key of [namespaces] says whose namespace it is: the host's, a new one, another's.
#include "unit/namespace_form.h"

#include "base/name_table.h"
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/unit_name.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr auto kind_keys = make_name_table<NamespaceKind>({
    {NamespaceKind::user, "namespaces.user"},
    {NamespaceKind::mount, "namespaces.mount"},
    {NamespaceKind::net, "namespaces.net"},
    {NamespaceKind::ipc, "namespaces.ipc"},
    {NamespaceKind::uts, "namespaces.uts"},
    {NamespaceKind::cgroup, "namespaces.cgroup"},
    {NamespaceKind::time, "namespaces.time"},
    {NamespaceKind::pid, "namespaces.pid"},
});

}  // namespace

std::string namespace_key(NamespaceKind kind) {
    return std::string{kind_keys.name(kind)};
}

bool joins_namespace(const NamespaceConfig& namespaces, NamespaceKind kind) {
    return std::ranges::find(namespaces.joined, kind, &JoinedNamespace::kind) !=
           namespaces.joined.end();
}

bool makes_namespace(const NamespaceConfig& namespaces, NamespaceKind kind) {
    switch (kind) {
    case NamespaceKind::user:
        return namespaces.user;
    case NamespaceKind::mount:
        return namespaces.mount;
    case NamespaceKind::net:
        return namespaces.net;
    case NamespaceKind::ipc:
        return namespaces.ipc;
    case NamespaceKind::uts:
        return namespaces.uts;
    case NamespaceKind::cgroup:
        return namespaces.cgroup;
    case NamespaceKind::time:
        return namespaces.time;
    case NamespaceKind::pid:
        return namespaces.pid;
    }
    return false;
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
