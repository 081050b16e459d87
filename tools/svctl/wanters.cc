// SPDX-License-Identifier: Apache-2.0
// Wanters: the units that want or require another one, and the file that says so or takes it back.
#include "svctl/wanters.h"

#include "unit/loader.h"
#include "unit/origins.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {
namespace {

constexpr std::string_view wants_key = "unit.wants";
constexpr std::string_view requires_key = "unit.requires";

const std::vector<std::string>& names_of(const Unit& unit, std::string_view key) {
    return key == wants_key ? unit.unit.wants : unit.unit.requires_units;
}

// "/default.toml.d/50-web.toml" of a path in any unit directory.
std::string_view name_in_directory(std::string_view file) {
    const std::size_t folder = file.rfind('/', file.rfind('/') - 1);
    return file.substr(folder);
}

}  // namespace

std::vector<Wanter> find_wanters(const UnitTree& tree, const std::string& unit,
                                 const Vocabulary& vocabulary) {
    std::vector<Wanter> wanters;
    const auto directories = tree.directories();
    for (const std::string& name : list_unit_names(directories)) {
        if (name.ends_with('@')) continue;
        const auto loaded = load_unit(name, directories, vocabulary);
        if (!loaded) continue;
        for (const std::string_view key : {wants_key, requires_key}) {
            const auto& names = names_of(*loaded, key);
            const auto found = std::ranges::find(names, unit);
            if (found == names.end()) continue;
            const auto index = static_cast<std::size_t>(found - names.begin());
            const Naming naming = find_naming(*loaded, key, index, unit);
            wanters.push_back({.unit = name, .key = naming.key, .place = naming.place});
        }
    }
    return wanters;
}

std::string still_wanted_text(const Wanter& wanter) {
    return fmt::format("'{}' still {} it: {}", wanter.unit,
                       wanter.key == wants_key ? "wants" : "requires", place_text(wanter.place));
}

std::optional<std::string> why_without_effect(const Unit& target, std::string_view key,
                                              const std::string& unit, const std::string& file) {
    const auto& names = names_of(target, key);
    if (std::ranges::find(names, unit) != names.end()) return std::nullopt;
    const std::string text = fmt::format("'{}' does not {} it all the same: ", target.name,
                                         key == wants_key ? "want" : "require");
    const std::string_view name = name_in_directory(file);
    for (const ReplacedValue& value : target.replaced) {
        if (value.key != key || !value.place.file.ends_with(name)) continue;
        return text + fmt::format("{} comes after {} and empties {}", place_text(value.by),
                                  value.place.file, key);
    }
    for (const std::string& read : target.files) {
        if (read.ends_with(name) && !read.ends_with(file)) {
            return text + fmt::format("{} is read in place of {}", read, file);
        }
    }
    return text + fmt::format("{} is not read", file);
}

}  // namespace confinit
