// SPDX-License-Identifier: Apache-2.0
// A mount of a plan in words.
#pragma once

#include "launch/child_plan.h"

#include <string>

namespace confinit {

// "tmpfs /tmp (size=64M, nosuid, nodev)"
std::string mount_text(const MountOp& op);

}  // namespace confinit
