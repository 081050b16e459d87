// SPDX-License-Identifier: Apache-2.0
// Origins: which place of a unit's files gives a value, and which values count for nothing.
#include "unit/origins.h"

#include "unit/drop_in_text.h"
#include "unit/keys.h"
#include "unit/namespace_form.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace confinit {
namespace {

// The key that makes a unit need `name` without its being written in a list; else empty.
std::string key_of_need(const Unit& unit, std::string_view name) {
    if (name.empty()) return {};
    if (name == unit.cgroup_place.group) return "cgroup.group";
    const auto& joined = unit.namespaces.joined;
    const auto found = std::ranges::find(joined, name, &JoinedNamespace::unit);
    return found == joined.end() ? "" : namespace_key(found->kind);
}

// Where a value stands, and the elements of a list.
std::vector<const Location*> locations_of(const Unit& unit, const std::string& key) {
    std::vector<const Location*> found;
    for (auto place = unit.locations.lower_bound(key);
         place != unit.locations.end() && place->first.starts_with(key); ++place) {
        const std::string_view rest = std::string_view{place->first}.substr(key.size());
        if (rest.empty() || rest[0] == '[') found.push_back(&place->second);
    }
    return found;
}

bool has_in_force(const Unit& unit, const std::string& key, const std::string& file) {
    return std::ranges::any_of(locations_of(unit, key),
                               [&](const Location* location) { return location->file == file; });
}

// A list that several files add to is not told apart: it was in force, whatever it said.
bool gives(const Unit& unit, const ReplacedValue& value) {
    const bool is_replaced = std::ranges::any_of(unit.replaced, [&](const ReplacedValue& one) {
        return one.key == value.key && one.place.file == value.place.file && one.text == value.text;
    });
    if (is_replaced) return true;
    if (!has_in_force(unit, value.key, value.place.file)) return false;
    const auto declared = unit.declared.find(value.key);
    return declared == unit.declared.end() || declared->second == value.text ||
           find_key(value.key)->drop_ins == DropIns::add;
}

}  // namespace

std::string place_text(const Location& location) {
    return location.file + ":" + std::to_string(location.line);
}

Naming find_naming(const Unit& unit, std::string_view key, std::size_t index,
                   std::string_view name) {
    const auto element = unit.locations.find(std::string{key} + "[" + std::to_string(index) + "]");
    if (element != unit.locations.end()) return {std::string{key}, element->second};
    const std::string of_need = key_of_need(unit, name);
    std::string given = of_need.empty() ? std::string{key} : of_need;
    const auto place = unit.locations.find(given);
    if (place != unit.locations.end()) return {std::move(given), place->second};
    return {std::move(given), {.file = unit.files.empty() ? "" : unit.files.front()}};
}

std::map<std::string, std::string> origins_in_drop_ins(const Unit& unit) {
    std::map<std::string, std::string> origins;
    for (const auto& [key, text] : unit.declared) {
        if (find_key(key) == nullptr) continue;
        std::set<std::pair<std::string, unsigned>> places;
        for (const Location* location : locations_of(unit, key))
            places.insert({location->file, location->line});
        const bool is_elsewhere = std::ranges::any_of(
            places, [&](const auto& place) { return place.first != unit.files.front(); });
        if (!is_elsewhere) continue;
        std::string& origin = origins[key];
        for (const auto& [file, line] : places)
            origin += (origin.empty() ? "" : ", ") + place_text({.file = file, .line = line});
    }
    return origins;
}

std::vector<std::string> overridden_values(const Unit& unit) {
    std::vector<std::string> lines;
    for (const ReplacedValue& value : unit.replaced) {
        lines.push_back(value.key + " of " + place_text(value.place) + " is overridden by " +
                        place_text(value.by));
    }
    return lines;
}

std::vector<std::string> edits_without_effect(const Unit& before, const Unit& now) {
    std::vector<std::string> lines;
    for (const ReplacedValue& value : now.replaced) {
        if (gives(before, value)) continue;
        std::string line = place_text(value.place) + ": " + value.key + " is overridden by " +
                           place_text(value.by) + ", so that this edit changes nothing";
        if (is_set_drop_in(value.by.file)) {
            line += "; `svctl revert " + now.name + " " + value.key + "` would let it count";
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace confinit
