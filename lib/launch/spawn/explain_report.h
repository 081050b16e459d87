// SPDX-License-Identifier: Apache-2.0
// The child's report in the words of promise two: key, object, call, errno and one hint.
#pragma once

#include "launch/plan/plan.h"

#include <string_view>

namespace confinit {

// The purpose of a stage, as the end of "while it was to ...": "set up the mounts".
std::string_view launch_stage_text(LaunchStage stage);

// The failure of a record of kind `failed`. A record with values out of range, which only a broken
// sender makes, is told as such.
Error explain(const LaunchPlan& plan, const LaunchReport& report);

// Whether explain() looks at files for it: at the program that execve(2) refused, or for the names
// of owners. And the same without these looks, for PID 1.
bool looks_at_files(const LaunchReport& report);
Error explain_without_look(const LaunchPlan& plan, const LaunchReport& report);

}  // namespace confinit
