// SPDX-License-Identifier: Apache-2.0
// The worker's part of verify: compares a unit with the kernel.
#include "supervisor/jobs/service.h"

#include "kernel/proc_status.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace confinit {

Result<std::vector<VerifyItem>> verify_service(const Service& service) {
    if (service.group) {
        const Group& group = *service.group;
        return verify_limits(group.unit(), group.settings(), group.node());
    }
    if (!service.run) return failure(fmt::format("'{}' has ended", service.unit.name));
    const Run& run = *service.run;
    auto items = verify(run.unit(), run.plan(), run.main_pid(), run.node());
    // PID 1 goes on meanwhile: what has ended may be gone, and its number another's. A zombie that
    // nobody has reaped yet has ended as well.
    if (!run.main_process().is_there() || !open_living_thread(run.main_pid())) {
        return failure(fmt::format("'{}' ended while it was looked at", service.unit.name));
    }
    return items;
}

std::vector<int> verify_descriptors(const Service& service) {
    std::vector<int> descriptors;
    if (const Cgroup* node = node_of(service)) descriptors.push_back(node->directory().get());
    if (service.run) descriptors.push_back(service.run->main_process().pidfd().get());
    return descriptors;
}

}  // namespace confinit
