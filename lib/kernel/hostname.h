// SPDX-License-Identifier: Apache-2.0
// Host names: that of another process's UTS namespace, and the machine's own.
#pragma once

#include "base/fd.h"
#include "base/result.h"

#include <string>
#include <string_view>

namespace confinit {

// uname(2)'s nodename in the UTS namespace of a process: uts_namespaces(7). The kernel shows it to
// who is in there only, so the calling thread goes in and comes back; nothing of that waits. Both
// arguments are directories of /proc, the second that of the caller, and CAP_SYS_ADMIN is needed.
Result<std::string> read_hostname(const Fd& process, const Fd& own);

// The name in a file such as /etc/hostname: its first line that is no comment; empty for none.
std::string_view find_host_name(std::string_view text);

// Gives our UTS namespace the name that the file has, if the file is there and names one.
Status take_host_name(const std::string& path);

}  // namespace confinit
