// SPDX-License-Identifier: Apache-2.0
// The child's steps on namespaces: those of a running service joined, those made with clone3(2)
// furnished.
#include "launch/child/mount_calls.h"
#include "launch/child/separation.h"
#include "launch/child/steps.h"

#include <cstring>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace confinit {

namespace {

bool join_each(ChildContext& child) {
    for (std::size_t i = 0; i < child.plan.joins.size(); ++i) {
        child.item = static_cast<std::int32_t>(i);
        if (child.call(SYS_setns, child.plan.joins.data()[i], 0) < 0) return false;
    }
    child.item = -1;
    // In a pid namespace of others the rest of the launch happens before their eyes.
    if (!child.plan.fork_into_pid_namespace) return true;
    const int kept[] = {child.plan.report_socket, child.plan.join_user, child.plan.ready_pipe};
    return keep_only(child, kept);
}

}  // namespace

// A namespace that is unshared would be there for children only, and so late that its offsets could
// not be written; by its file this very process moves in.
bool make_time_namespace(ChildContext& child) {
    const char* offsets = child.plan.time_offsets;
    if (offsets == nullptr) return true;
    if (child.call(SYS_unshare, CLONE_NEWTIME) < 0) return false;
    const std::size_t size = __builtin_strlen(offsets);
    if (size > 0) {
        const ChildFd file = open_in_procfs(child, "self/timens_offsets", O_WRONLY);
        if (!file || child.call(SYS_write, file.get(), offsets, size) < 0) return false;
    }
    // The file is behind a magic link, the way to which is that of procfs alone.
    const ChildFd links = open_in_procfs(child, "self/ns", O_PATH | O_DIRECTORY);
    if (!links) return false;
    const ChildFd own{
        child.call(SYS_openat, links.get(), "time_for_children", O_RDONLY | O_CLOEXEC)};
    return own && child.call(SYS_setns, own.get(), CLONE_NEWTIME) >= 0;
}

bool join_namespaces(ChildContext& child) {
    if (child.plan.join_pidfd < 0) return join_each(child);
    const int kept[] = {child.plan.report_socket, child.plan.join_pidfd};
    if (!keep_only(child, kept)) return false;
    // One call for all: with the user namespace among them, its rights count for the others. A
    // service that has the host's namespaces alone leaves none to join, which setns(2) refuses.
    const int flags = child.plan.join_flags;
    if (flags != 0 && child.call(SYS_setns, child.plan.join_pidfd, flags) < 0) return false;
    if (!forbid_tracing(child)) return false;
    return child.call(SYS_close, child.plan.join_pidfd) >= 0;
}

// setns(2) into a pid namespace takes effect for children only. With CLONE_PARENT the child is
// PID 1's own, and this process has done its duty; the sender of the `executing` record is the one
// that counts.
bool fork_into_pid_namespace(ChildContext& child) {
    if (!child.plan.fork_into_pid_namespace) return true;
    const long pid = child.call(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
    if (pid > 0) (void)syscall(SYS_exit_group, 0);
    return pid == 0;
}

bool make_cgroup_namespace(ChildContext& child) {
    return !child.plan.new_cgroup_namespace || child.call(SYS_unshare, CLONE_NEWCGROUP) >= 0;
}

bool set_hostname(ChildContext& child) {
    const char* name = child.plan.hostname;
    return name == nullptr || child.call(SYS_sethostname, name, __builtin_strlen(name)) >= 0;
}

bool bring_up_loopback(ChildContext& child) {
    if (!child.plan.new_network) return true;
    const ChildFd socket{child.call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) return false;
    ifreq request{};
    __builtin_memcpy(request.ifr_name, "lo", sizeof "lo");
    if (child.call(SYS_ioctl, socket.get(), SIOCGIFFLAGS, &request) < 0) return false;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    return child.call(SYS_ioctl, socket.get(), SIOCSIFFLAGS, &request) >= 0;
}

bool join_user_namespace(ChildContext& child) {
    if (child.plan.join_user < 0) return true;
    return child.call(SYS_setns, child.plan.join_user, CLONE_NEWUSER) >= 0 && forbid_tracing(child);
}

}  // namespace confinit
