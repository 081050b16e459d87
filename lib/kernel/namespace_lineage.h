// SPDX-License-Identifier: Apache-2.0
// Where a namespace of a process comes from: ioctl_ns(2).
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// The user namespace of a process and those above it, the nearest first, each as its link reads:
// "user:[4026531837]". The last one is the reader's own, or the highest that the kernel shows to
// the reader. `process` is a directory of /proc.
Result<std::vector<std::string>> user_namespace_lineage(const Fd& process);

// The same for the user namespace that owns a namespace of another kind. The kernel shows it only
// to a reader whose own user namespace is that one or above it; EPERM otherwise.
Result<std::vector<std::string>> owner_lineage(const Fd& process, std::string_view name);

}  // namespace confinit
