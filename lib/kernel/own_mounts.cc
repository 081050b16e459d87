// SPDX-License-Identifier: Apache-2.0
// The mounts that this process sees, read again only after the kernel has told of a change.
#include "kernel/own_mounts.h"

#include "kernel/proc_status.h"
#include "kernel/procfs.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace confinit {
namespace {

struct KnownMounts {
    pid_t process = 0;
    Fd file;  // a change is told once to each who has the file open
    std::shared_ptr<const MountTable> table;
};

bool has_changed(const Fd& mountinfo) {
    pollfd state{.fd = mountinfo.get(), .events = POLLPRI, .revents = 0};
    return poll(&state, 1, 0) != 0;
}

}  // namespace

// A copy of this process may be in another mount namespace. What changes after the file is open is
// told, so that a change in the middle of reading is seen by the next call.
Result<std::shared_ptr<const MountTable>> own_mounts() {
    static KnownMounts known;
    const bool is_known = known.table && known.process == getpid();
    if (is_known && !has_changed(known.file)) return known.table;
    const Fd self = TRY(open_own_process());
    KnownMounts read{.process = getpid()};
    read.file = TRY(open_in_procfs(self, "mountinfo", O_RDONLY));
    read.table = std::make_shared<const MountTable>(TRY(MountTable::read(self)));
    known = std::move(read);
    return known.table;
}

}  // namespace confinit
