// SPDX-License-Identifier: Apache-2.0
// MountNamespace: all mounts of the namespace that a process is in.
#include "kernel/mount_namespace.h"

#include "base/file.h"
#include "kernel/clone.h"
#include "kernel/procfs.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

// The copy needs the namespaces, and a /proc that it still has when its tree is another one.
struct Doors {
    Fd mounts;
    Fd user;
    Fd proc;
};

Result<Doors> open_doors(const Fd& process) {
    Doors doors;
    doors.mounts = TRY(open_at(process.get(), "ns/mnt", O_RDONLY));
    doors.user = TRY(open_at(process.get(), "ns/user", O_RDONLY));
    doors.proc = TRY(open_procfs());
    return doors;
}

// An ordinary user has the right to it in the user namespace of its service alone.
bool join(const Doors& doors) {
    if (setns(doors.mounts.get(), CLONE_NEWNS) == 0) return true;
    return errno == EPERM && setns(doors.user.get(), CLONE_NEWUSER) == 0 &&
           setns(doors.mounts.get(), CLONE_NEWNS) == 0;
}

// In the copy. It ends with its maker, whatever somebody in the namespace may do to it.
[[noreturn]] void tell_table(const Doors& doors, const Fd& pipe) {
    const bool has_joined = join(doors);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const auto text = read_in_procfs(doors.proc, "self/mountinfo", longest_mount_table);
    const bool is_told = has_joined && text && write_all(pipe, "mountinfo", *text);
    _exit(is_told ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool has_succeeded(const Process& copy) {
    const auto end = copy.wait();
    return end && end->si_code == CLD_EXITED && end->si_status == EXIT_SUCCESS;
}

}  // namespace

Result<MountTable> read_mount_namespace(const Fd& process) {
    const auto doors = open_doors(process);
    if (!doors) return MountTable::read(process);
    Pipe pipe = TRY(make_pipe());
    const Process copy = TRY(clone_process(CloneMethod::clone_then_move));
    if (copy.pid() == 0) tell_table(*doors, pipe.write_end);
    pipe.write_end.reset();
    const auto text = read_all(pipe.read_end, "mountinfo", longest_mount_table);
    pipe.read_end.reset();
    if (!has_succeeded(copy)) return MountTable::read(process);
    if (!text) return std::unexpected(text.error());
    return MountTable::parse(*text);
}

}  // namespace confinit
