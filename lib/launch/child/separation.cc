// SPDX-License-Identifier: Apache-2.0
// The child's first step: of all that a copy of PID 1 has, it keeps what it needs, and nobody may
// look at it.
#include "launch/child/separation.h"

#include "launch/child/steps.h"

#include <array>
#include <sys/prctl.h>

namespace confinit {

namespace {

// The descriptors that a launch may have, of which some are -1.
struct OwnDescriptors {
    std::array<int, 32> numbers{};
    std::size_t count = 0;

    void add(int descriptor) {
        if (count < numbers.size()) numbers.data()[count++] = descriptor;
    }
};

OwnDescriptors descriptors_of(const ChildPlan& plan) {
    OwnDescriptors own;
    for (const int stream : plan.streams)
        own.add(stream);
    for (const int descriptor :
         {plan.report_socket, plan.exit_socket, plan.preparation_socket, plan.ready_pipe,
          plan.join_pidfd, plan.join_user, plan.reaper_program}) {
        own.add(descriptor);
    }
    for (std::size_t i = 0; i < plan.joins.size(); ++i)
        own.add(plan.joins.data()[i]);
    return own;
}

}  // namespace

bool keep_only(ChildContext& child, std::span<const int> kept) {
    int first = STDERR_FILENO + 1;
    for (;;) {
        int next = -1;
        for (std::size_t i = 0; i < kept.size(); ++i) {
            const int descriptor = kept.data()[i];
            if (descriptor >= first && (next < 0 || descriptor < next)) next = descriptor;
        }
        if (next < 0) return child.call(SYS_close_range, first, ~0U, 0) >= 0;
        if (next > first && child.call(SYS_close_range, first, next - 1, 0) < 0) return false;
        first = next + 1;
    }
}

bool forbid_tracing(ChildContext& child) {
    return child.call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) >= 0;
}

bool separate(ChildContext& child) {
    const OwnDescriptors own = descriptors_of(child.plan);
    if (!child.plan.owns_proc_files && !forbid_tracing(child)) return false;
    return keep_only(child, {own.numbers.data(), own.count});
}

bool end_ownership(ChildContext& child) {
    return !child.plan.owns_proc_files || forbid_tracing(child);
}

}  // namespace confinit
