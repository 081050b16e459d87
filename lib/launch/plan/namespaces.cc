// SPDX-License-Identifier: Apache-2.0
// Which namespaces a service gets of its own, and what is set up in them.
#include "launch/plan/parts.h"

#include <chrono>
#include <linux/sched.h>
#include <string>
#include <utility>

namespace confinit {

std::uint64_t new_namespaces(const NamespaceConfig& namespaces) {
    std::uint64_t flags = 0;
    if (namespaces.mount) flags |= CLONE_NEWNS;
    if (namespaces.pid) flags |= CLONE_NEWPID;
    if (namespaces.net) flags |= CLONE_NEWNET;
    if (namespaces.ipc) flags |= CLONE_NEWIPC;
    if (namespaces.uts) flags |= CLONE_NEWUTS;
    if (namespaces.cgroup) flags |= CLONE_NEWCGROUP;
    if (namespaces.user) flags |= CLONE_NEWUSER;
    if (namespaces.time) flags |= CLONE_NEWTIME;
    return flags;
}

std::string clock_offset_text(std::chrono::microseconds offset) {
    // The nanoseconds count upwards also where the seconds are negative.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(offset);
    const auto rest = std::chrono::nanoseconds{offset - seconds};
    return std::to_string(seconds.count()) + " " + std::to_string(rest.count());
}

std::string time_offsets_text(const NamespaceConfig& namespaces) {
    std::string text;
    for (const auto& [clock, offset] : {std::pair{"monotonic", namespaces.monotonic_offset},
                                        std::pair{"boottime", namespaces.boottime_offset}}) {
        if (offset.count() == 0) continue;
        text.append(clock).append(" ").append(clock_offset_text(offset)).append("\n");
    }
    return text;
}

Status apply_namespaces(const Unit& unit, const LaunchContext& context, PlanDraft& plan) {
    const NamespaceConfig& namespaces = unit.namespaces;
    if (namespaces.hostname && !namespaces.uts) {
        return std::unexpected(
            Error{.key = "namespaces.uts.hostname",
                  .object = *namespaces.hostname,
                  .hint = "without a uts namespace of its own it would rename the host"});
    }
    // clone3(2) copies the namespaces before it puts the child into its node, and the view would
    // begin at the supervisor's: a cgroup namespace is the child's to make. And in a new time
    // namespace clone3(2) leaves no moment to write its offsets.
    constexpr std::uint64_t made_by_child = CLONE_NEWCGROUP | CLONE_NEWTIME;
    plan.clone_flags = new_namespaces(namespaces) & ~made_by_child;
    ChildDraft& child = plan.child;
    child.new_cgroup_namespace = namespaces.cgroup;
    child.new_network = namespaces.net;
    child.new_user_namespace = namespaces.user;
    if (namespaces.time) child.time_offsets = keep(plan, time_offsets_text(namespaces));
    if (namespaces.hostname) child.hostname = keep(plan, *namespaces.hostname);
    if (!namespaces.pid || namespaces.pid1_is_service) return {};
    child.has_reaper = true;
    plan.reaper_program = context.reaper_program.get();
    if (plan.reaper_program >= 0) return {};
    return std::unexpected(
        Error{.key = "namespaces.pid",
              .object = "confinit-reaper",
              .hint = "the program that is pid 1 of a new pid namespace is not installed"});
}

}  // namespace confinit
