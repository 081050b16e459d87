// SPDX-License-Identifier: Apache-2.0
// UnitPlaces: the directories with unit files that an offline verb works on.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "svctl/verbs.h"

#include <optional>
#include <string>
#include <vector>

namespace confinit {

// The values of --root and --units.
struct UnitPlaces {
    std::string root = "/";
    std::vector<std::string> units;  // empty: the default search path

    bool are_defaults() const { return root == "/" && units.empty(); }
};

void add_units_option(Syntax& syntax, UnitPlaces& places);
void add_root_option(Syntax& syntax, UnitPlaces& places);

// UnitTree: the same, opened. No symbolic link below the root leads out of it, so that a root
// that holds another system is changed and not this one.
class UnitTree {
public:
    static Result<UnitTree> open(const UnitPlaces& places);

    // The directories that are there at present, as paths of this system, for the loader.
    std::vector<std::string> directories() const;

    // The first directory of the search path that outlives a boot: there changes are kept.
    Result<std::string> lasting() const;

    // A directory below the root, without following a link out of it: an absent one, or one that
    // is made.
    Result<std::optional<Fd>> find(const std::string& path) const;
    Result<Fd> make(const std::string& path) const;

private:
    explicit UnitTree(Fd root) : root_(std::move(root)) {}

    Fd root_;
    std::vector<std::string> searched_;  // within the root
};

}  // namespace confinit
