// SPDX-License-Identifier: Apache-2.0
// The parts of check_unit(), and what each of them works with.
#pragma once

#include "unit/namespace_form.h"
#include "unit/problem.h"
#include "unit/unit.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace confinit {

class UnitChecker {
public:
    UnitChecker(Unit& unit, ProblemList& problems) : unit_(unit), problems_(problems) {}

protected:
    bool is_given(std::string_view key) const { return unit_.locations.contains(key); }

    Problem problem(std::string_view key, std::string message) const {
        Problem problem{.key = std::string{key}, .message = std::move(message)};
        if (const auto found = unit_.locations.find(key); found != unit_.locations.end()) {
            problem.location = found->second;
        } else if (!unit_.files.empty()) {
            problem.location.file = unit_.files.front();
        }
        return problem;
    }

    void report(std::string_view key, std::string message) {
        problems_.add(problem(key, std::move(message)));
    }

    // For a key whose value decides; nobody knows the value of one that was refused already.
    void refuse(std::string_view key, std::string message) {
        if (!problems_.concerns(key)) report(key, std::move(message));
    }

    void warn(std::string_view key, std::string message) {
        unit_.warnings.push_back(problem(key, std::move(message)).text());
    }

    // Root of the machine, by name and not in a user namespace.
    bool is_root() const {
        const bool is_name =
            unit_.service && (unit_.service->user == "root" || unit_.service->user == "0");
        return is_name && !unit_.namespaces.user &&
               !joins_namespace(unit_.namespaces, NamespaceKind::user);
    }

    void need_unit(const std::string& name) {
        for (auto* list : {&unit_.unit.requires_units, &unit_.unit.after}) {
            if (std::ranges::find(*list, name) == list->end()) list->push_back(name);
        }
    }

    Unit& unit_;
    ProblemList& problems_;
};

// checks_cgroup.cc: limits and the place in the tree that they are for; settles memory.oom.group
// and the size of a subtree.
void check_cgroup(Unit& unit, ProblemList& problems);

// checks_root.cc
void check_root(Unit& unit, ProblemList& problems);

// checks_operator.cc
void check_operator(Unit& unit, ProblemList& problems);

}  // namespace confinit
