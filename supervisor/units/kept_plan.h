// SPDX-License-Identifier: Apache-2.0
// KeptPlan: the plan of a unit's last launch, for the next one, while what it was made from is
// unchanged. The files that it was made from are looked at again by the child of that launch.
#pragma once

#include "launch/plan/plan.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace confinit {

// A plan depends on these beside the unit and the files that it names; PID 1 can tell them at any
// time.
struct PlanBasis {
    std::optional<std::uint64_t> mounts;  // state_of_own_mounts(), where that can be told
    std::string pid_max;                  // kernel.pid_max, where a percentage of it counts

    bool operator==(const PlanBasis&) const = default;
};

// As it is now. A plan that is asked for after this has seen it, or a later one.
PlanBasis plan_basis(const Unit& unit);

class KeptPlan {
public:
    // Keeps the plan of a launch without these keys, unless it serves a single launch.
    void keep(std::shared_ptr<LaunchPlan> plan, const PlanBasis& basis,
              std::vector<std::string> left_out);
    void forget() { *this = {}; }

    // For a launch without these keys: the plan, whose witnesses are to be looked at, or null.
    std::shared_ptr<LaunchPlan> find(const PlanBasis& basis,
                                     const std::vector<std::string>& left_out) const;

    bool is(const LaunchPlan* plan) const { return plan_ != nullptr && plan_.get() == plan; }

private:
    std::shared_ptr<LaunchPlan> plan_;
    PlanBasis basis_;
    std::vector<std::string> left_out_;
};

}  // namespace confinit
