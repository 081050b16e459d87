// SPDX-License-Identifier: Apache-2.0
// DirectoryClaims: which units use which runtime directories, so that the end of one of them takes
// away only what no other one uses.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace confinit {

class DirectoryClaims {
public:
    // The unit uses these from now on, in place of what it has used. The answer is a path that is
    // being removed at the moment, and then nothing is claimed.
    std::optional<std::string> claim(const std::string& unit, std::span<const std::string> paths);

    // The unit uses nothing any more, and these of its paths have never been its own. The answer is
    // what nobody uses, in which there is nothing that somebody uses: it is to be removed, and
    // nobody can claim it before it is `removed`.
    std::vector<std::string> release(const std::string& unit,
                                     std::span<const std::string> refused = {});
    void removed(std::span<const std::string> paths);
    // These have never been of those who claim them, and are left alone by who comes last.
    void refuse(std::span<const std::string> paths);

private:
    bool is_used(const std::string& path) const;
    bool is_going(const std::string& path) const;

    std::map<std::string, std::vector<std::string>> paths_by_unit_;
    std::map<std::string, unsigned> users_;  // of each path
    std::set<std::string> left_;             // that something used lies in, or nobody has removed
    std::set<std::string> going_;
};

}  // namespace confinit
