// SPDX-License-Identifier: Apache-2.0
// The part that the tests of every key share: which keys confine, and a unit with one of them.
#pragma once

#include "launch/plan/plan.h"
#include "scene.h"
#include "unit/unit.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit::testing {

bool confines(std::string_view key);

// A unit whose program is the probe: it runs these commands, and then waits until it is told to
// end. `text` stands after service.command; {D} is the test's directory, {N} the name of a
// directory that is not there.
class Subject {
public:
    Subject(std::string_view key, std::string_view text,
            const std::vector<std::string>& commands = {});
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    ~Subject();

    const Unit& unit() const { return unit_; }
    const LaunchPlan& plan() const { return *plan_; }

private:
    TestDirectory directory_;
    Unit unit_;
    std::optional<LaunchPlan> plan_;
};

}  // namespace confinit::testing
