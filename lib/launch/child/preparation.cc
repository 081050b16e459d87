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

// How it went, and the mounted image where there is one. A child that does not hear it any more has
// ended.
void tell(ChildContext& child, const LaunchReport& report, int image) {
    (void)send_record(child, child.plan.preparer_socket, report, image);
}

// The parent sees the end of the child by its sockets, of which no copy may stay here.
bool prepare_all(ChildContext& child) {
    if (!forbid_tracing(child) || !keep_only(child, {&child.plan.preparer_socket, 1})) return false;
    (void)child.call(SYS_umask, 0);
    for (std::size_t i = 0; i < child.plan.preparations.size(); ++i) {
        const Preparation& preparation = child.plan.preparations.data()[i];
        child.item = static_cast<std::int32_t>(i);
        const bool is_done = preparation.kind == Preparation::Kind::image
                                 ? mount_image(child, preparation)
                                 : prepare_directory(child, preparation);
        if (!is_done) return false;
    }
    return true;
}

}  // namespace

void run_preparer(const ChildPlan& plan) noexcept {
    ChildContext child{.plan = plan};
    if (prepare_all(child)) {
        tell(child, {.kind = LaunchReport::Kind::executing}, child.image);
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

bool wait_for_preparer(ChildContext& child) {
    if (child.plan.preparation_socket < 0) return true;
    LaunchReport report;
    int image = -1;
    iovec data{&report, sizeof report};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof image)> control{};
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
        __builtin_memcpy(&child.image, CMSG_DATA(header), sizeof child.image);
    }
    if (report.kind != LaunchReport::Kind::failed) return true;
    child.item = report.item;
    __builtin_memcpy(child.found, report.found, sizeof child.found);
    return child.fail(report.syscall, report.error);
}

}  // namespace confinit
