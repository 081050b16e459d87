// SPDX-License-Identifier: Apache-2.0
// The host name of another process's UTS namespace.
#include "kernel/hostname.h"

#include "base/file.h"
#include "kernel/procfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

namespace confinit {
namespace {

Result<Fd> open_uts_namespace(const Fd& process) {
    const Fd links = TRY(open_in_procfs(process, "ns", O_PATH | O_DIRECTORY));
    return open_at(links.get(), "uts", O_RDONLY);
}

}  // namespace

Result<std::string> read_hostname(const Fd& process, const Fd& own) {
    const Fd theirs = TRY(open_uts_namespace(process));
    // Opened before we leave: whoever holds it can always come back.
    const Fd ours = TRY(open_uts_namespace(own));
    if (setns(theirs.get(), CLONE_NEWUTS) < 0) return errno_failure("setns", "ns/uts");
    utsname names{};
    const int read = uname(&names);
    if (setns(ours.get(), CLONE_NEWUTS) < 0) return errno_failure("setns", "our own ns/uts");
    if (read < 0) return errno_failure("uname");
    return std::string{static_cast<const char*>(names.nodename)};
}

}  // namespace confinit
