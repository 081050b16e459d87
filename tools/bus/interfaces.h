// SPDX-License-Identifier: Apache-2.0
// The D-Bus interfaces beside the methods of control/methods.h: properties and signals as tables.
//
// Objects are registered from these tables, and the introspection files that are installed are
// written from them.
#pragma once

#include "bus/unit_list.h"
#include "control/methods.h"

#include <span>
#include <string_view>

namespace confinit {

inline constexpr const char* manager_interface = "org.confinit.Manager1";

// Where the value of a property comes from: the list that confinit-bus follows, or a question to
// the supervisor at the time when somebody asks: by Status, by Verify, or by Show where Verify has
// no answer because the unit does not run.
// `fixed` is of the list too, and stays the same for as long as the object is there.
enum class Source { fixed, list, status, verify, declared };

struct PropertyRow {
    const char* name;
    const char* signature;
    Source source;
    const char* documentation;
    // Values in the shape of the signature. `facts` are null where the supervisor tells none.
    Json (*value)(const UnitRecord& unit, const Json& facts);

    // A change is signalled with the new value; all else is read anew each time.
    bool is_signalled() const { return source == Source::list; }
};

struct InterfaceTable {
    const char* name;
    const char* documentation;
    std::span<const PropertyRow> properties;
};

extern const InterfaceTable unit_interface;
extern const InterfaceTable service_interface;
extern const InterfaceTable group_interface;
extern const InterfaceTable confinement_interface;

// Those that an object of this kind of unit has: "service", "group", "target", "unknown".
std::span<const InterfaceTable* const> interfaces_of(std::string_view kind);

struct SignalRow {
    const char* name;
    std::span<const BusArgument> arguments;
    const char* documentation;
};

std::span<const SignalRow> manager_signals();

// The one method of org.confinit.Manager1 that is no row of the table: it leads to those rows that
// rule and are for a deputy.
extern const BusMethod varlink_call;

}  // namespace confinit
