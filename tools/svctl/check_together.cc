// SPDX-License-Identifier: Apache-2.0
// Checks of several units together: names that are no unit's, and cycles of order.
#include "svctl/check_together.h"

#include "engine/unit_graph.h"
#include "unit/loader.h"
#include "unit/namespace_form.h"
#include "unit/origins.h"
#include "unit/systemd_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>

namespace confinit {
namespace {

// The part of a unit that order and need are made of.
engine::UnitSpec spec_of(const Unit& unit) {
    engine::UnitSpec spec;
    spec.name = unit.name;
    spec.requires_units = unit.unit.requires_units;
    spec.wants = unit.unit.wants;
    spec.after = unit.unit.after;
    spec.before = unit.unit.before;
    spec.conflicts = unit.unit.conflicts;
    spec.is_service = unit.service.has_value();
    return spec;
}

class Checker {
public:
    Checker(std::span<const Unit> units, std::span<const std::string> directories,
            const Vocabulary& vocabulary)
        : units_(units), directories_(directories), vocabulary_(vocabulary) {
        for (const Unit& unit : units)
            given_.insert(unit.name);
        for (const std::string& name : list_unit_names(directories))
            installed_.insert(name);
    }

    std::vector<Together> run() {
        std::vector<Together> all(units_.size());
        for (std::size_t i = 0; i < units_.size(); ++i) {
            look_for_names(units_[i], all[i]);
            look_for_host_namespaces(units_[i], all[i]);
        }
        look_for_conflicts(look_for_cycles(all), all);
        return all;
    }

private:
    // Itself, or the template that it would be made from.
    bool is_there(const std::string& name) const {
        const UnitNameParts parts = split_unit_name(name);
        return given_.contains(name) || installed_.contains(name) ||
               (parts.is_templated && installed_.contains(parts.stem + "@")) ||
               std::ranges::any_of(units_, [&](const Unit& unit) {
                   // A template was checked with an instance of its own.
                   return parts.is_templated && !unit.instance.empty() &&
                          split_unit_name(unit.name).stem == parts.stem;
               });
    }

    // For a name of systemd's the word in its place, for a slip the unit that may be meant.
    std::string advice(const std::string& name) const {
        const std::string text = advice_for_unit_name(name);
        if (!text.empty()) return "; " + text;
        std::vector<std::string_view> names(given_.begin(), given_.end());
        names.insert(names.end(), installed_.begin(), installed_.end());
        const std::string nearest = nearest_of(name, names);
        return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
    }

    void look_for_names(const Unit& unit, Together& together) const {
        const auto look_in = [&](const char* key, const std::vector<std::string>& names,
                                 const auto& tell) {
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (is_there(names[i])) continue;
                const Naming naming = find_naming(unit, key, i, names[i]);
                tell(naming, fmt::format("there is no unit '{}'", names[i]), advice(names[i]));
            }
        };
        look_in("unit.requires", unit.unit.requires_units,
                [&](const Naming& naming, const std::string& text, const std::string& advice) {
                    together.problems.push_back(
                        problem(naming, text + ", so that this one cannot start" + advice));
                });
        const std::pair<const char*, const std::vector<std::string>*> lists[] = {
            {"unit.wants", &unit.unit.wants},
            {"unit.wanted_by", &unit.unit.wanted_by},
            {"unit.required_by", &unit.unit.required_by},
            {"unit.conflicts", &unit.unit.conflicts},
            {"unit.after", &unit.unit.after},
            {"unit.before", &unit.unit.before}};
        for (const auto& [key, names] : lists) {
            look_in(key, *names,
                    [&](const Naming& naming, const std::string& text, const std::string& advice) {
                        // A group stands in unit.after by itself, and has been told of.
                        if (naming.key != key) return;
                        together.warnings.push_back(problem(naming, text + advice).text());
                    });
        }
    }

    std::optional<Unit> find_unit(const std::string& name) const {
        const auto given = std::ranges::find(units_, name, &Unit::name);
        if (given != units_.end()) return *given;
        auto loaded = load_unit(name, directories_, vocabulary_);
        return loaded ? std::optional{std::move(*loaded)} : std::nullopt;
    }

    // Whether the namespace of this kind that the unit runs in is the host's. One that is not there
    // and one that joins by a path are not known to.
    bool is_in_host_namespace(const std::string& name, NamespaceKind kind) const {
        std::set<std::string> seen;
        for (std::string next = name; seen.insert(next).second;) {
            const auto unit = find_unit(next);
            if (!unit || !unit->service) return false;
            if (makes_namespace(unit->namespaces, kind)) return false;
            const auto joined =
                std::ranges::find(unit->namespaces.joined, kind, &JoinedNamespace::kind);
            if (joined == unit->namespaces.joined.end()) return true;
            if (joined->unit.empty()) return false;
            next = joined->unit;
        }
        return false;
    }

    void look_for_host_namespaces(const Unit& unit, Together& together) const {
        for (const JoinedNamespace& joined : unit.namespaces.joined) {
            if (joined.unit.empty() || !is_in_host_namespace(joined.unit, joined.kind)) continue;
            const std::string key = namespace_key(joined.kind);
            const auto place = unit.locations.find(key);
            const Problem warning{
                .location = place == unit.locations.end() ? Location{} : place->second,
                .key = key,
                .message = fmt::format(
                    "'{}' has none of its own, so that this one joins the host's", joined.unit)};
            together.warnings.push_back(warning.text());
        }
    }

    static Problem problem(const Naming& naming, std::string message) {
        return {.location = naming.place, .key = naming.key, .message = std::move(message)};
    }

    // Those that are installed come first, so that a cycle is told of one that is checked. Returns
    // the graph of all that are in none.
    engine::UnitGraph look_for_cycles(std::vector<Together>& all) const {
        engine::UnitGraph graph;
        for (const std::string& name : installed_) {
            if (given_.contains(name) || name.ends_with('@')) continue;
            const auto unit = load_unit(name, directories_, vocabulary_);
            if (unit) (void)graph.add(spec_of(*unit));
        }
        for (std::size_t i = 0; i < units_.size(); ++i) {
            const auto cycle = graph.add(spec_of(units_[i]));
            if (!cycle) continue;
            all[i].problems.push_back(
                problem(find_naming(units_[i], "unit.after", units_[i].unit.after.size(), ""),
                        fmt::format("ordering cycle: {}", *cycle)));
        }
        return graph;
    }

    void look_for_conflicts(const engine::UnitGraph& graph, std::vector<Together>& all) const {
        std::set<std::string> told;
        for (const std::string& starter : graph.names()) {
            const auto plan = graph.find_start_set(starter, engine::Pull::required_and_wanted);
            if (!plan) continue;
            for (const engine::LeftOut& left : plan->left_out) {
                if (told.insert(left.unit).second) tell_left_out(left, starter, all);
            }
        }
    }

    // To the first of the two that is checked.
    void tell_left_out(const engine::LeftOut& left, const std::string& starter,
                       std::vector<Together>& all) const {
        const auto found = std::ranges::find_if(units_, [&](const Unit& unit) {
            return unit.name == left.unit || unit.name == left.rival;
        });
        if (found == units_.end()) return;
        all[static_cast<std::size_t>(found - units_.begin())].warnings.push_back(fmt::format(
            "{}: a start of '{}' leaves it out: it {}", left.unit, starter, left.reason));
    }

    std::span<const Unit> units_;
    std::span<const std::string> directories_;
    const Vocabulary& vocabulary_;
    std::set<std::string> given_;
    std::set<std::string> installed_;
};

}  // namespace

std::vector<Together> check_together(std::span<const Unit> units,
                                     std::span<const std::string> directories,
                                     const Vocabulary& vocabulary) {
    return Checker{units, directories, vocabulary}.run();
}

}  // namespace confinit
