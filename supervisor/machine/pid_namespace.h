// SPDX-License-Identifier: Apache-2.0
// Whether our pid namespace is the one that the machine has booted with.
#pragma once

namespace confinit {

// /proc need not be mounted, and what is mounted there may be another namespace's: a procfs of our
// own is asked, which is mounted nowhere. Only in a container may it be refused to us.
bool is_in_first_pid_namespace();

}  // namespace confinit
