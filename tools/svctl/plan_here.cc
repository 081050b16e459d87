// SPDX-License-Identifier: Apache-2.0
// Plans as a supervisor on this machine, with our rights, would make them.
#include "svctl/plan_here.h"

#include "kernel/capability_set.h"
#include "kernel/probe.h"
#include "launch/spawn/spawn.h"

namespace confinit {

void with_context_here(const std::function<void(const LaunchContext& context)>& call) {
    const auto reaper = load_helper(CONFINIT_HELPER_DIRECTORY "/confinit-reaper");
    const Fd none;
    call({.reaper_program = reaper ? *reaper : none,
          .inaccessible_file = "/run/confinit/inaccessible",
          .notify_root = "/run/confinit/notify",
          .capabilities = own_bounding_set(),
          .memory_total = memory_total(),
          .separate_ids = [](const std::string&) {
              return 524'288U;
          }});
}

}  // namespace confinit
