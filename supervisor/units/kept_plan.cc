// SPDX-License-Identifier: Apache-2.0
// KeptPlan: the plan of a unit's last launch, for the next one.
#include "supervisor/units/kept_plan.h"

#include "base/file.h"
#include "kernel/own_mounts.h"

#include <algorithm>
#include <fcntl.h>
#include <utility>

namespace confinit {
namespace {

bool has_part_of_pid_max(const Unit& unit) {
    return std::ranges::any_of(unit.cgroup, [](const CgroupSetting& setting) {
        return setting.file.starts_with("pids.") && setting.value.ends_with('%');
    });
}

}  // namespace

PlanBasis plan_basis(const Unit& unit) {
    PlanBasis basis;
    if (const auto mounts = state_of_own_mounts()) basis.mounts = *mounts;
    if (has_part_of_pid_max(unit))
        basis.pid_max = read_file(AT_FDCWD, "/proc/sys/kernel/pid_max").value_or("");
    return basis;
}

void KeptPlan::keep(std::shared_ptr<LaunchPlan> plan, const PlanBasis& basis,
                    std::vector<std::string> left_out) {
    forget();
    if (plan == nullptr || plan->serves_once || !basis.mounts) return;
    plan_ = std::move(plan);
    basis_ = basis;
    left_out_ = std::move(left_out);
}

// A run changes the limits in its plan, so that a plan serves one run at a time.
std::shared_ptr<LaunchPlan> KeptPlan::find(const PlanBasis& basis,
                                           const std::vector<std::string>& left_out) const {
    const bool is_in_use = plan_.use_count() != 1;
    if (is_in_use || basis != basis_ || left_out != left_out_) return nullptr;
    plan_->is_old = true;
    plan_->take_limits();
    return plan_;
}

}  // namespace confinit
