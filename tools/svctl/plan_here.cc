// SPDX-License-Identifier: Apache-2.0
// Plans as a supervisor on this machine, with our rights, would make them.
#include "svctl/plan_here.h"

#include "base/installation.h"
#include "control/protocol.h"
#include "kernel/capability_set.h"
#include "kernel/cgroup_mount.h"
#include "kernel/probe.h"
#include "launch/spawn/spawn.h"

#include <fmt/format.h>

namespace confinit {

void with_context_here(const std::function<void(const LaunchContext& context)>& call) {
    const auto reaper = load_helper(helper_directory() + "/confinit-reaper");
    const Fd none;
    constexpr auto directory = control_socket_path.substr(0, control_socket_path.rfind('/'));
    call({.reaper_program = reaper ? *reaper : none,
          .inaccessible_file = fmt::format("{}/inaccessible", directory),
          .notify_root = fmt::format("{}/notify", directory),
          .capabilities = own_bounding_set(),
          .memory_total = memory_total(),
          .cgroup_mount = find_cgroup_mount().value_or(""),
          .separate_ids = [](const std::string&) { return 524'288U; },
          .runtime_directory = std::string{directory},
          .operator_sockets = {std::string{control_socket_path}},
          .deputy_sockets = {std::string{status_socket_path}}});
}

}  // namespace confinit
