// SPDX-License-Identifier: Apache-2.0
// The host name of another process's UTS namespace.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <string>

namespace confinit {

// uname(2)'s nodename in the UTS namespace of a process: uts_namespaces(7). The kernel shows it to
// who is in there only, so the calling thread goes in and comes back; nothing of that waits. Both
// arguments are directories of /proc, the second that of the caller, and CAP_SYS_ADMIN is needed.
Result<std::string> read_hostname(const Fd& process, const Fd& own);

}  // namespace confinit
