// SPDX-License-Identifier: Apache-2.0
// How each key of [namespaces] says whose namespace it is: the host's, a new one, another's.
#pragma once

#include "unit/unit.h"
#include "unit/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

inline constexpr std::string_view namespace_form = "true, false, \"unit:NAME\" or \"/path\"";

// "namespaces.pid".
std::string namespace_key(NamespaceKind kind);

// Whether a new one of this kind is made.
bool makes_namespace(const NamespaceConfig& namespaces, NamespaceKind kind);

// True for a new one, where a table is allowed also for a table, whose own keys say which. Of one
// that is joined a note goes into the unit, and the answer is false.
std::optional<bool> read_namespace(const Value& value, NamespaceKind kind, Unit& unit);

}  // namespace confinit
