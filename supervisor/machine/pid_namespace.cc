// SPDX-License-Identifier: Apache-2.0
// Whether our pid namespace is the one that the machine has booted with.
#include "supervisor/machine/pid_namespace.h"

#include "base/fd.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace confinit {
namespace {

// PROC_PID_INIT_INO of include/linux/proc_ns.h: the number of the namespace's inode.
constexpr ino_t first_pid_namespace = 0xEFFFFFFC;

// A mount that is part of no tree; it goes with its descriptor.
Fd mount_procfs() {
    const Fd context{static_cast<int>(syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC))};
    if (!context) return {};
    if (syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
        return {};
    return Fd{static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0))};
}

}  // namespace

bool is_in_first_pid_namespace() {
    const Fd procfs = mount_procfs();
    struct stat status{};
    return procfs && fstatat(procfs.get(), "self/ns/pid", &status, 0) == 0 &&
           status.st_ino == first_pid_namespace;
}

}  // namespace confinit
