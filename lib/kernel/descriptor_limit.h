// SPDX-License-Identifier: Apache-2.0
// DescriptorLimit: how many descriptors this process may have, and the last of them that are spared
// for what must always work.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <sys/resource.h>

namespace confinit {

// Raises both limits of RLIMIT_NOFILE as far as the kernel lets us: with CAP_SYS_RESOURCE to
// fs.nr_open, without it to the hard limit. The number that holds then.
Result<std::uint64_t> raise_descriptor_limit();

// The limits that a program gets which asks for none: a soft one that select(2) can count to, and a
// hard one for those that can do better, no higher than our own.
rlimit64 usual_descriptor_limits();

// While it lives, the last descriptors that this process may have are left alone. It surrounds what
// keeps descriptors for long, such as a launch, which then fails with EMFILE in time: a caller of
// the control socket, a stop and the end of the machine have theirs.
class SparedDescriptors {
public:
    static constexpr std::uint64_t count = 64;

    SparedDescriptors();
    SparedDescriptors(const SparedDescriptors&) = delete;
    SparedDescriptors& operator=(const SparedDescriptors&) = delete;
    ~SparedDescriptors();

private:
    rlimit64 whole_{};
};

}  // namespace confinit
