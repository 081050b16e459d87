// SPDX-License-Identifier: Apache-2.0
// The parent's part of a launch: what only it may do to the child, and why the kernel refused one.
#pragma once

#include "launch/plan/plan.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace confinit {

// Writes the id maps of the child's new user namespace and, with `limits_by_parent`, its priority,
// oom_score_adj and hard limits; the child waits for it. user_namespaces(7).
Status do_parent_part(const LaunchPlan& plan, pid_t child);

// Moves the child, which waits for it, into the node: where a clone into it is not to be had.
Status move_into_node(const LaunchPlan& plan, int node, pid_t child);

// The failure of clone3(2): about the node, the number of processes or a namespace.
Error explain_clone(const LaunchPlan& plan, int node, int error);

}  // namespace confinit
