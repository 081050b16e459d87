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
    std::uint64_t state = 0;
    std::shared_ptr<const MountTable> table;  // null: not read in this state
};

bool has_changed(const Fd& mountinfo) {
    pollfd state{.fd = mountinfo.get(), .events = POLLPRI, .revents = 0};
    return poll(&state, 1, 0) != 0;
}

// The kernel tells of changes after the file is open, so that the next call sees one that comes in
// the middle of reading.
Result<KnownMounts*> look_for_change() {
    static KnownMounts known;
    if (known.process != getpid()) {
        // A copy of this process may be in another mount namespace, and may have closed the file:
        // its number is another one's then.
        (void)known.file.release();
        known.table.reset();
        known.process = getpid();
    }
    if (known.file && !has_changed(known.file)) return &known;
    const Fd self = TRY(open_own_process());
    known.file = TRY(open_in_procfs(self, "mountinfo", O_RDONLY));
    known.table.reset();
    ++known.state;
    return &known;
}

}  // namespace

Result<std::shared_ptr<const MountTable>> own_mounts() {
    KnownMounts* known = TRY(look_for_change());
    if (known->table) return known->table;
    const Fd self = TRY(open_own_process());
    known->table = std::make_shared<const MountTable>(TRY(MountTable::read(self)));
    return known->table;
}

Result<std::uint64_t> state_of_own_mounts() {
    return TRY(look_for_change())->state;
}

}  // namespace confinit
