// SPDX-License-Identifier: Apache-2.0
// UnitGraph: what is known of every unit, who needs whom and who comes before whom; no states.
#pragma once

#include "base/result.h"
#include "engine/types.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::engine {

// The starts that a start brings along: a request takes the wanted units too, an automatic restart
// only the required ones, so that it does not start again what was stopped by hand.
enum class Pull { required, required_and_wanted };

// A wanted unit that does not start, because it conflicts with one of those that do.
struct LeftOut {
    std::string unit;
    std::string rival;
    std::string reason;

    bool operator==(const LeftOut&) const = default;
};

// The loaded units that start together.
struct StartSet {
    std::vector<std::string> units;
    std::vector<LeftOut> left_out;  // in the order of the search
};

// Every list that comes out is sorted by name, so that the same units give the same decisions at
// every boot. Names that are not loaded may occur in the lists of loaded units.
class UnitGraph {
public:
    // Adds or replaces a unit. One that completes an ordering cycle is refused, and all stays as it
    // was: the answer is then the shortest cycle, "a -> b -> a", where each name waits for the
    // next.
    std::optional<std::string> add(UnitSpec spec);
    void remove(std::string_view unit);

    const UnitSpec* find(std::string_view unit) const;
    std::vector<std::string> names() const;

    // The neighbours of a unit in the order of starting: its `after` and others' `before`; its
    // `before` and others' `after`. A unit that runs nothing is also after what it wants and
    // requires, so that to be after it means to be after all of these. That order is left out where
    // it would be a part of a cycle: it never refuses a unit.
    std::vector<std::string> earlier(std::string_view unit) const;
    std::vector<std::string> later(std::string_view unit) const;

    // Whether nobody has written that the unit is after this earlier one.
    bool is_implied(std::string_view unit, std::string_view earlier) const;

    // Conflicts hold both ways, whichever unit names the other.
    std::vector<std::string> conflicting(std::string_view unit) const;

    // The units that name this one in `requires`.
    std::vector<std::string> required_by(std::string_view unit) const;

    // Whether a loaded unit requires or wants this one.
    bool is_needed(std::string_view unit) const;
    bool is_wanted_by(std::string_view unit, const std::string& other) const;
    bool is_required_by(std::string_view unit, const std::string& other) const;

    // The units that require this one, directly or through others, without itself.
    std::vector<std::string> dependents(std::string_view unit) const;

    // The names in the closure of requires and wants that are not loaded.
    std::vector<std::string> missing(std::string_view unit) const;

    // The units that start together when `unit` does, itself included. Required units that conflict
    // are an error.
    Result<StartSet> find_start_set(std::string_view unit, Pull pull) const;

private:
    using Names = std::set<std::string, std::less<>>;

    // The units that name one unit in their lists; a name that nobody names has no entry.
    struct References {
        Names required_by;
        Names wanted_by;
        Names after_it;
        Names before_it;
        Names in_conflict;
    };

    using List = std::vector<std::string> UnitSpec::*;
    using Naming = Names References::*;
    struct Relation {
        List list;
        Naming naming;
    };
    static const Relation relations[];

    void link(const UnitSpec& spec);
    void unlink(const UnitSpec& spec);
    Names joined(std::string_view unit, List own, Naming others) const;
    Names written_earlier(std::string_view unit) const;
    Names written_later(std::string_view unit) const;
    Names seekers(std::string_view unit) const;
    Names waiting_for(std::string_view unit) const;
    const Names& implied_earlier(std::string_view unit) const;
    std::optional<std::string> cycle_through(const std::string& unit) const;
    Names requirements(std::string_view unit, const Names& known) const;
    struct Clash {
        std::string unit;
        std::string other;
    };
    std::optional<Clash> clash(const Names& units, const Names& others) const;
    std::vector<LeftOut> add_wanted(Names& plan) const;

    std::map<std::string, UnitSpec, std::less<>> specs_;
    std::map<std::string, References, std::less<>> references_;
    // The answer for each unit that was asked for since the last change of any unit.
    mutable std::map<std::string, Names, std::less<>> implied_earlier_;
};

}  // namespace confinit::engine
