// SPDX-License-Identifier: Apache-2.0
// DirectoryClaims: which units use which runtime directories.
#include "supervisor/units/directory_claims.h"

#include "kernel/mount_table.h"

#include <algorithm>
#include <iterator>

namespace confinit {

// The paths below one follow it in the order of the map, after others that begin with its name.
bool DirectoryClaims::is_used(const std::string& path) const {
    if (users_.contains(path)) return true;
    const auto below = users_.lower_bound(path + "/");
    return below != users_.end() && is_within(below->first, path);
}

bool DirectoryClaims::is_going(const std::string& path) const {
    return std::ranges::any_of(going_, [&](const std::string& other) {
        return is_within(path, other) || is_within(other, path);
    });
}

std::optional<std::string> DirectoryClaims::claim(const std::string& unit,
                                                  std::span<const std::string> paths) {
    for (const std::string& path : paths) {
        if (is_going(path)) return path;
    }
    std::ranges::copy(paths, std::inserter(left_, left_.end()));
    for (const std::string& path : paths)
        ++users_[path];
    std::vector<std::string> before(paths.begin(), paths.end());
    before.swap(paths_by_unit_[unit]);
    for (const std::string& path : before) {
        if (--users_[path] == 0) users_.erase(path);
    }
    return std::nullopt;
}

std::vector<std::string> DirectoryClaims::release(const std::string& unit,
                                                  std::span<const std::string> refused) {
    const auto found = paths_by_unit_.find(unit);
    if (found == paths_by_unit_.end()) return {};
    for (const std::string& path : found->second) {
        if (--users_[path] == 0) users_.erase(path);
    }
    paths_by_unit_.erase(found);
    for (const std::string& path : refused) {
        if (!users_.contains(path)) left_.erase(path);
    }
    std::vector<std::string> unused;
    std::ranges::copy_if(left_, std::back_inserter(unused),
                         [this](const std::string& path) { return !is_used(path); });
    for (const std::string& path : unused)
        left_.erase(path);
    going_.insert(unused.begin(), unused.end());
    return unused;
}

void DirectoryClaims::refuse(std::span<const std::string> paths) {
    for (const std::string& path : paths) {
        const auto user = users_.find(path);
        if (user == users_.end() || user->second == 1) left_.erase(path);
    }
}

void DirectoryClaims::removed(std::span<const std::string> paths) {
    for (const std::string& path : paths)
        going_.erase(path);
}

}  // namespace confinit
