// SPDX-License-Identifier: Apache-2.0
// Finding the file of a container's seccomp profile, and reading it into memory.
#include "unit/seccomp_profile_file.h"

#include <utility>
#include <vector>

namespace confinit {
namespace {

// "/etc/containers/seccomp.json" -> "/etc/containers", "seccomp.json".
std::pair<std::string, std::string> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {".", std::string{path}};
    return {std::string{path.substr(0, slash == 0 ? 1 : slash)},
            std::string{path.substr(slash + 1)}};
}

std::vector<std::string> places_of(std::string_view unit_file) {
    std::vector<std::string> places{split_path(unit_file).first};
    places.insert(places.end(), std::begin(profile_directories), std::end(profile_directories));
    return places;
}

}  // namespace

std::string profile_key(std::string_view name, std::string_view unit_file) {
    return std::string{name} + '\n' + std::string{unit_file};
}

Found<ProfileFile> find_profile_file(const std::string& name, std::string_view unit_file,
                                     Ownership ownership) {
    const bool is_path = name.starts_with('/');
    const std::string file = is_path ? split_path(name).second : name;
    const auto places = is_path ? std::vector{split_path(name).first} : places_of(unit_file);
    for (const std::string& place : places) {
        auto directory = find_directory(place, ownership);
        if (!directory) return std::unexpected(std::move(directory).error());
        if (!*directory) continue;
        auto text = find_unit_file(**directory, file);
        if (!text) return std::unexpected(std::move(text).error());
        if (*text) return ProfileFile{path_of(**directory, file), std::move(**text)};
    }
    return std::nullopt;
}

}  // namespace confinit
