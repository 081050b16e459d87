// SPDX-License-Identifier: Apache-2.0
// The preparer: a process that does for the child what needs the rights of the host's root and may
// take its time, and then tells it. It is a copy of PID 1, as the child is, and keeps its rules.
#include "launch/child/preparation.h"

#include "launch/child/record.h"
#include "launch/child/separation.h"
#include "launch/child/steps.h"

#include <array>
#include <fcntl.h>
#include <sys/socket.h>

namespace confinit {

namespace {

// How it went, with a mount that was made. A child that does not hear it any more has ended.
void tell(ChildContext& child, const LaunchReport& report, int mount) {
    (void)send_record(child, child.plan.preparer_socket, report, mount);
}

void hand_over(ChildContext& child, int mount) {
    tell(child, {.kind = LaunchReport::Kind::prepared, .item = child.item}, mount);
}

bool prepare(ChildContext& child, const Preparation& preparation) {
    switch (preparation.kind) {
    case Preparation::Kind::directory:
        return prepare_directory(child, preparation);
    case Preparation::Kind::image:
        if (!mount_image(child, preparation)) return false;
        hand_over(child, child.image);
        return true;
    case Preparation::Kind::procfs:
        if (!mount_procfs(child, preparation)) return false;
        hand_over(child, child.procfs);
        return true;
    }
    return child.refuse(EINVAL);
}

// The parent sees the end of the child by its sockets, of which no copy may stay here.
bool part(ChildContext& child) {
    return forbid_tracing(child) && keep_only(child, {&child.plan.preparer_socket, 1});
}

bool prepare_all(ChildContext& child) {
    (void)child.call(SYS_umask, 0);
    for (std::size_t i = 0; i < child.plan.preparations.size(); ++i) {
        child.item = static_cast<std::int32_t>(i);
        if (!prepare(child, child.plan.preparations.data()[i])) return false;
    }
    return true;
}

}  // namespace

void run_preparer(const ChildPlan& plan) noexcept {
    ChildContext child{.plan = plan};
    const bool is_apart = part(child);
    // Nothing is prepared by a plan that is out of date. The child looks as well, and tells of it.
    if (is_apart && !look_at_witnesses(child)) {
        (void)syscall(SYS_exit_group, 0);
        __builtin_trap();
    }
    if (is_apart && prepare_all(child)) {
        tell(child, {.kind = LaunchReport::Kind::executing}, -1);
    } else {
        const LaunchReport report{
            .kind = LaunchReport::Kind::failed,
            .stage = LaunchStage::preparation,
            .item = child.item,
            .error = child.error,
            .syscall = child.failed_call,
            .found = {child.found[0], child.found[1], child.found[2]},
        };
        tell(child, report, -1);
    }
    (void)syscall(SYS_exit_group, 0);
    __builtin_trap();
}

namespace {

// One record, and what goes along with it.
bool hear(ChildContext& child, LaunchReport& report, int& mount) {
    iovec data{&report, sizeof report};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof mount)> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const long count =
        child.call(SYS_recvmsg, child.plan.preparation_socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return false;
    if (count != static_cast<long>(sizeof report)) return child.refuse(EPIPE);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
        __builtin_memcpy(&mount, CMSG_DATA(header), sizeof mount);
    }
    return true;
}

}  // namespace

bool wait_for_preparer(ChildContext& child) {
    if (child.plan.preparation_socket < 0) return true;
    for (;;) {
        LaunchReport report;
        int mount = -1;
        if (!hear(child, report, mount)) return false;
        if (report.kind == LaunchReport::Kind::failed) {
            child.item = report.item;
            __builtin_memcpy(child.found, report.found, sizeof child.found);
            return child.fail(report.syscall, report.error);
        }
        if (report.kind != LaunchReport::Kind::prepared) return true;
        const Preparation& prepared = child.plan.preparations.data()[report.item];
        (prepared.kind == Preparation::Kind::image ? child.image : child.procfs) = mount;
    }
}

}  // namespace confinit
