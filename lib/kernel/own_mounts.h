// SPDX-License-Identifier: Apache-2.0
// The mounts that this process sees, read again only after the kernel has told of a change.
#pragma once

#include "kernel/mount_table.h"

#include <cstdint>
#include <memory>

namespace confinit {

// The propagation in it may be out of date: the kernel tells of mounts that come, go or are
// remounted, not of make-shared and make-private (poll(2) of /proc/PID/mountinfo, proc(5)).
Result<std::shared_ptr<const MountTable>> own_mounts();

// A number that is another one as soon as such a change has happened. It costs no reading.
Result<std::uint64_t> state_of_own_mounts();

}  // namespace confinit
